package tickets

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// fileID is what an attachment is called, in the database and on the disk.
// Nothing else ever becomes a path.
var fileID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// programs are contents that are never stored.
var programs = []string{
	"application/vnd.microsoft.portable-executable", "application/x-elf", "application/x-mach-binary", "application/x-ms-installer",
}

// kinds says what a file with a picture's, a document's or an archive's
// extension must contain.
var kinds = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".bmp": "image/bmp",
	".pdf": "application/pdf", ".zip": "application/zip", ".gz": "application/gzip", ".mp4": "video/mp4", ".mp3": "audio/mpeg",
}

// sniffed is how much of a file is looked at to know its type.
const sniffed = 3072

// fileStore is the directory of attachments: one file for each, in 256
// sub-directories, mode 0600.
type fileStore struct {
	dir string
	max int64
}

func (s *Service) files() fileStore { return fileStore{dir: s.c.Files, max: s.c.MaxFile} }

func (d fileStore) path(id string) string { return filepath.Join(d.dir, id[:2], id) }

// store writes the content durably and fills in type, size and hash. Only a
// whole file gets its name: a temporary one is synced and renamed.
func (d fileStore) store(f *Attachment, data io.Reader) error {
	dir := filepath.Dir(d.path(f.ID))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a directory for attachments: %w", err)
	}
	tmp, err := os.CreateTemp(dir, "upload-*")
	if err != nil {
		return fmt.Errorf("store an attachment: %w", err)
	}
	defer func() {
		tmp.Close()
		os.Remove(tmp.Name()) // gone already when it was renamed
	}()
	if err := d.receive(f, tmp, data); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return fmt.Errorf("store an attachment: %w", err)
	}
	if err := os.Rename(tmp.Name(), d.path(f.ID)); err != nil {
		return fmt.Errorf("store an attachment: %w", err)
	}
	return errors.Join(syncDir(dir), syncDir(d.dir))
}

// receive copies the content, looking at its beginning before anything is written.
func (d fileStore) receive(f *Attachment, tmp *os.File, data io.Reader) error {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(data, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read an attachment: %w", err)
	}
	head = head[:n]
	f.Type, _, _ = strings.Cut(mimetype.Detect(head).String(), ";")
	if err := checkType(f.Name, head); err != nil {
		return err
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(tmp, sum), io.LimitReader(io.MultiReader(bytes.NewReader(head), data), d.max+1))
	if err != nil {
		return fmt.Errorf("store an attachment: %w", err)
	}
	if size > d.max {
		return errs.E(errs.TooLarge, "A file may have at most %d KiB.", d.max>>10)
	}
	f.Size, f.SHA256 = size, hex.EncodeToString(sum.Sum(nil))
	return nil
}

func checkType(name string, head []byte) error {
	found := mimetype.Detect(head)
	for m := found; m != nil; m = m.Parent() {
		if slices.ContainsFunc(programs, m.Is) {
			return refusedFile("Programs are not accepted.")
		}
	}
	want, known := kinds[strings.ToLower(filepath.Ext(name))]
	if !known || len(head) == 0 {
		return nil
	}
	for m := found; m != nil; m = m.Parent() {
		if m.Is(want) {
			return nil
		}
	}
	return refusedFile("The content is not what the name says: it is " + found.String() + ".")
}

// ErrContent is the cause of an Invalid error about what is in a file.
var ErrContent = errors.New("tickets: content refused")

func refusedFile(text string) error {
	return &errs.Error{Kind: errs.Invalid, Text: text, Fields: []errs.Field{{Path: "file", Text: text}}, Err: ErrContent}
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync a directory: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync a directory: %w", err)
	}
	return nil
}

func (d fileStore) open(id string) (*os.File, error) {
	f, err := os.Open(d.path(id))
	if err != nil {
		return nil, fmt.Errorf("open an attachment: %w", err)
	}
	return f, nil
}

// remove takes back a file that no row names; what stays is swept later.
func (d fileStore) remove(id string) { _ = os.Remove(d.path(id)) }

// Sweep removes what interrupted uploads left: temporary files and files without
// a row, once they are older than age (SEC-183). It returns how many.
func (s *Service) Sweep(ctx context.Context, age time.Duration) (int, error) {
	d, n, tx := s.files(), 0, s.db.Read(ctx)
	err := filepath.WalkDir(d.dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		info, err := e.Info()
		if err != nil || s.c.Now().Sub(info.ModTime()) < age {
			return nil // it was removed meanwhile, or is still being written
		}
		if fileID.MatchString(e.Name()) {
			if f, err := attachmentWhere(tx, "id = ?", e.Name()); err != nil || f != nil {
				return err
			}
		} else if !strings.HasPrefix(e.Name(), "upload-") {
			return nil
		}
		n++
		return os.Remove(p)
	})
	return n, err
}
