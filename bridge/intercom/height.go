package intercom

import (
	"strings"
	"unicode/utf8"
)

// Pixels of the inbox's details pane, which is about 300 wide. Intercom
// publishes none of these; they are what its pane shows, rounded up so that an
// estimate errs on the tall side.
const (
	paneWidth     = 300
	charsPerLine  = 42 // of ordinary text
	titlePerLine  = 34 // of headers and titles
	lineHeight    = 20
	headerHeight  = 24
	smallHeight   = 18
	blockMargin   = 10
	buttonHeight  = 36
	fieldHeight   = 40
	labelHeight   = 22
	areaHeight    = 92
	choiceHeight  = 40
	tickHeight    = 28
	tableRow      = 30
	itemPadding   = 20
	itemImageMore = 20
)

// Height estimates how tall a canvas stands in the inbox, in pixels. The first
// card of a conversation should stay within MaxFirstHeight.
func Height(c Canvas) int {
	sum := 0
	for _, k := range c.Components {
		if k != nil {
			sum += k.height()
		}
	}
	return sum
}

func lines(s string, perLine int) int {
	n := 0
	for line := range strings.Lines(s) {
		n += max(1, (utf8.RuneCountInString(strings.TrimRight(line, "\n"))+perLine-1)/perLine)
	}
	return max(n, 1)
}

func margin(none string) int {
	if none == MarginNone {
		return 0
	}
	return blockMargin
}

func label(s string) int {
	if s == "" {
		return 0
	}
	return labelHeight * lines(s, charsPerLine)
}

func (c Text) height() int {
	if c.Style == StyleHeader {
		return lines(c.Text, titlePerLine)*headerHeight + margin(c.BottomMargin)
	}
	return lines(c.Text, charsPerLine)*lineHeight + margin(c.BottomMargin)
}

func (Button) height() int     { return buttonHeight + blockMargin }
func (c Input) height() int    { return label(c.Label) + fieldHeight + blockMargin }
func (c Textarea) height() int { return label(c.Label) + areaHeight + blockMargin }
func (c Dropdown) height() int { return label(c.Label) + fieldHeight + blockMargin }

func (c SingleSelect) height() int {
	rows := (len(c.Options) + 1) / 2
	return label(c.Label) + rows*choiceHeight + blockMargin
}

func (c Checkbox) height() int {
	return label(c.Label) + len(c.Options)*tickHeight + blockMargin
}

func (c List) height() int {
	sum := blockMargin
	for _, it := range c.Items {
		h := lines(it.Title, titlePerLine) * lineHeight
		if it.Subtitle != "" {
			h += lines(it.Subtitle, charsPerLine) * smallHeight
		}
		if it.TertiaryText != "" {
			h += lines(it.TertiaryText, charsPerLine) * smallHeight
		}
		sum += max(h+itemPadding, it.ImageHeight+itemImageMore)
	}
	return sum
}

func (c DataTable) height() int { return len(c.Items)*tableRow + blockMargin }

func (c Image) height() int {
	h := c.Height
	if c.Align == AlignFullWidth && c.Width > 0 {
		h = c.Height * paneWidth / c.Width
	}
	return h + margin(c.BottomMargin)
}

func (c Spacer) height() int {
	switch c.Size {
	case SizeXS:
		return 4
	case SizeM:
		return 16
	case SizeL:
		return 24
	case SizeXL:
		return 32
	}
	return 8
}

func (c Divider) height() int { return 1 + margin(c.BottomMargin) }
