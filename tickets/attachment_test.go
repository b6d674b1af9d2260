package tickets

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// stored lists the files of the attachment directory.
func (d *desk) stored() []string {
	d.t.Helper()
	var out []string
	d.ok(filepath.WalkDir(d.c.Files, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, p)
		}
		return err
	}))
	return out
}

func TestAttachOnceForEachMarker(t *testing.T) {
	d := newDesk(t)
	tk := d.create(NewTicket{})
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() {
			f, err := d.Attach(d.ctx, d.sys, tk.ID, NewFile{Name: "a.txt", Marker: "file:1", Data: strings.NewReader("hello")})
			if err != nil {
				t.Error(err)
			}
			ids[i] = f.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] || len(id) != 32 {
			t.Errorf("ids are %v", ids)
		}
	}
	files := d.stored()
	if len(files) != 1 || filepath.Base(files[0]) != ids[0] {
		t.Errorf("stored are %v", files)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
	f, file, err := d.OpenAttachment(d.ctx, d.disp, ids[0])
	d.ok(err)
	defer file.Close()
	got, err := io.ReadAll(file)
	d.ok(err)
	if string(got) != "hello" || f.Size != 5 || f.SHA256 != "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" || f.Log != Private {
		t.Errorf("file is %+v, %q", f, got)
	}
}

type broken struct{ n int }

func (b *broken) Read(p []byte) (int, error) {
	if b.n--; b.n < 0 {
		return 0, errors.New("the line broke")
	}
	return copy(p, "xxxx"), nil
}

// What is refused or breaks off leaves no file and no row.
func TestAttachRefusals(t *testing.T) {
	d := newDesk(t)
	d.c.MaxFile = 10_000
	tk := d.create(NewTicket{})
	exe := append([]byte("MZ"), make([]byte, 200)...)
	exe[0x3c] = 0x80
	copy(exe[0x80:], "PE\x00\x00")
	for _, c := range []struct {
		name string
		data io.Reader
		kind errs.Kind
	}{
		{"large.txt", strings.NewReader(strings.Repeat("x", 10_001)), errs.TooLarge},
		{"setup.txt", bytes.NewReader(exe), errs.Invalid},
		{"elf", strings.NewReader("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 60)), errs.Invalid},
		{"a.png", strings.NewReader("<html><body>x</body></html>"), errs.Invalid},
		{"a.pdf", strings.NewReader("just words"), errs.Invalid},
		{"half.txt", &broken{n: 3}, errs.Internal},
	} {
		_, err := d.Attach(d.ctx, d.disp, tk.ID, NewFile{Name: c.name, Data: c.data})
		if errs.KindOf(err) != c.kind {
			t.Errorf("%s: %v, want %s", c.name, err, c.kind)
		}
	}
	_, err := d.Attach(d.ctx, d.end(d.agent2), tk.ID, NewFile{Name: "a.txt", Data: strings.NewReader("x")})
	d.kind(err, errs.NotFound)
	if files := d.stored(); len(files) != 0 {
		t.Errorf("left are %v", files)
	}
	if list, err := d.Attachments(d.ctx, d.disp, tk.ID); err != nil || len(list) != 0 {
		t.Errorf("rows are %v, %v", list, err)
	}
	_, err = d.Attach(d.ctx, d.disp, tk.ID, NewFile{Name: "full.txt", Data: strings.NewReader(strings.Repeat("x", 10_000))})
	d.ok(err)
}

func TestSweep(t *testing.T) {
	d := newDesk(t)
	tk := d.create(NewTicket{})
	f, err := d.Attach(d.ctx, d.disp, tk.ID, NewFile{Name: "a.txt", Data: strings.NewReader("x")})
	d.ok(err)
	dir := filepath.Join(d.c.Files, "ab")
	d.ok(os.MkdirAll(dir, 0o700))
	old := start.Add(-time.Hour)
	for _, name := range []string{"upload-123", "ab" + strings.Repeat("0", 30), "notes"} {
		d.ok(os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		d.ok(os.Chtimes(filepath.Join(dir, name), old, old))
	}
	d.ok(os.WriteFile(filepath.Join(dir, "upload-new"), nil, 0o600))
	d.ok(os.Chtimes(filepath.Join(dir, "upload-new"), start, start))
	d.ok(os.Chtimes(d.files().path(f.ID), old, old))
	n, err := d.Sweep(d.ctx, 30*time.Minute)
	d.ok(err)
	if left := d.stored(); n != 2 || len(left) != 3 {
		t.Errorf("%d removed, left are %v", n, left)
	}
}

// SEC-169
func TestCleanFileName(t *testing.T) {
	for in, want := range map[string]string{
		"../../etc/passwd": "passwd", `C:\Users\x\a.txt`: "a.txt", "a\x00b\r\n.txt": "ab .txt", "gpj\u202eexe.txt": "gpjexe.txt", "..": "file", "": "file", ".": "file",
		`q"uote.txt`: "quote.txt", strings.Repeat("x", 300) + ".txt": strings.Repeat("x", 146) + ".txt", "Grüße.txt": "Grüße.txt",
	} {
		if got := cleanFileName(in); got != want {
			t.Errorf("cleanFileName(%q) = %q, want %q", in, got, want)
		}
	}
}
