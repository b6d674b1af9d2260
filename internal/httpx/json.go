package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// maxDepth is how deep JSON from strangers may nest (SEC-101, SEC-225).
const maxDepth = 64

var (
	errJSONSyntax    = errors.New("the body is not valid JSON")
	errJSONEncoding  = errors.New("the body is not valid UTF-8")
	errJSONDepth     = errors.New("the body nests too deeply")
	errJSONDuplicate = errors.New("the body names a member twice")
	errJSONType      = errors.New("a value has the wrong type")
)

// jsonFormat is huma's JSON with CheckJSON in front. huma first decodes into any
// to validate, so the check runs once.
var jsonFormat = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if _, first := v.(*any); first {
			if err := CheckJSON(data); err != nil {
				return err
			}
		}
		if err := json.Unmarshal(data, v); err != nil {
			var kind *json.UnmarshalTypeError
			if errors.As(err, &kind) {
				return errJSONType
			}
			return errJSONSyntax
		}
		return nil
	},
}

// CheckJSON reports whether data is one JSON value that may be decoded without
// surprises: UTF-8, at most 64 levels deep, and no object with the same member
// twice (SEC-029), of which two readers could pick different ones. It takes
// linear time. The errors are constant sentences.
func CheckJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errJSONEncoding
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var open []map[string]bool // one per level; nil for an array
	name := false              // the next token of the innermost object is a name
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return errJSONSyntax
		}
		if err != nil {
			return errJSONSyntax
		}
		switch t := tok.(type) {
		case json.Delim:
			switch t {
			case '{':
				open, name = append(open, map[string]bool{}), true
			case '[':
				open, name = append(open, nil), false
			default:
				open = open[:len(open)-1]
				name = len(open) > 0 && open[len(open)-1] != nil
			}
			if len(open) > maxDepth {
				return errJSONDepth
			}
		case string:
			if name {
				seen := open[len(open)-1]
				if seen[t] {
					return errJSONDuplicate
				}
				seen[t] = true
				name = false
				continue
			}
			name = len(open) > 0 && open[len(open)-1] != nil
		default:
			name = len(open) > 0 && open[len(open)-1] != nil
		}
		if len(open) == 0 {
			break
		}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errJSONSyntax
	}
	return nil
}
