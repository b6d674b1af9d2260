package tickets

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/httpx"
)

type newEntryBody struct {
	Log  Log    `json:"log" enum:"public,private" doc:"End users write to the public log."`
	HTML string `json:"html" minLength:"1" maxLength:"262144" doc:"HTML; it is sanitised."`
}

func (s *Service) logRoutes(api huma.API) {
	const tag = "Logs"
	handle(api, operation("list-entries", http.MethodGet, "/tickets/{id}/entries", tag, "Read the logs of a ticket", "In the order of writing. End users get the public log."), func(ctx context.Context, a Actor, in *struct {
		IDInput
		Log Log `query:"log" enum:"public,private" doc:"Only this log."`
	}) (*bodyOf[listing[entryView]], error) {
		list, err := s.Entries(ctx, a, in.ID, in.Log)
		if err != nil {
			return nil, err
		}
		return listed(list, len(list), 0, func(e Entry) entryView { return viewEntry(a, e) }), nil
	})
	handle(api, operation("append-entry", http.MethodPost, "/tickets/{id}/entries", tag, "Write to a log of a ticket", "A public entry of a linked ticket goes to the conversation too."), func(ctx context.Context, a Actor, in *struct {
		IDInput
		Body newEntryBody
	}) (*bodyOf[entryView], error) {
		list, err := s.AppendEntries(ctx, a, in.ID, []NewEntry{{Log: in.Body.Log, HTML: in.Body.HTML}})
		if err != nil {
			return nil, err
		}
		return &bodyOf[entryView]{Body: viewEntry(a, list[0])}, nil
	})
}

// upload is a file in a form.
type upload struct {
	File huma.FormFile `form:"file" required:"true" doc:"The file."`
	Log  string        `form:"log" required:"false" doc:"public or private; the default is private, for end users public."`
}

// formOverhead is what a form may be larger than the file in it.
const formOverhead = 64 << 10

func (s *Service) attachmentRoutes(api huma.API) {
	const tag = "Attachments"
	handle(api, operation("list-attachments", http.MethodGet, "/tickets/{id}/attachments", tag, "List the files of a ticket", "Oldest first. End users get the public ones."), func(ctx context.Context, a Actor, in *IDInput) (*bodyOf[listing[attachmentView]], error) {
		list, err := s.Attachments(ctx, a, in.ID)
		if err != nil {
			return nil, err
		}
		return listed(list, len(list), 0, viewAttachment), nil
	})
	up := operation("attach-file", http.MethodPost, "/tickets/{id}/attachments", tag, "Attach a file to a ticket", "Programs, and files whose content is not what their name says, are refused.")
	up.Errors = append([]int{http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}, refusals...)
	up.MaxBodyBytes = s.c.MaxFile + formOverhead
	up.Middlewares = huma.Middlewares{func(c huma.Context, next func(huma.Context)) {
		g := humagin.Unwrap(c)
		if httpx.MaxBody(s.c.MaxFile + formOverhead)(g); !g.IsAborted() {
			next(c)
		}
	}}
	handle(api, up, func(ctx context.Context, a Actor, in *struct {
		IDInput
		RawBody huma.MultipartFormFiles[upload]
	}) (*bodyOf[attachmentView], error) {
		form := in.RawBody.Data()
		defer form.File.Close()
		f, err := s.Attach(ctx, a, in.ID, NewFile{Log: Log(form.Log), Name: form.File.Filename, Data: form.File})
		if errors.Is(err, ErrContent) {
			return nil, huma.Error415UnsupportedMediaType(strings.TrimSuffix(errs.Text(err), "."))
		}
		return body(viewAttachment(f), err)
	})
	down := operation("download-attachment", http.MethodGet, "/attachments/{attachment}", tag, "Download a file", "Always an attachment, never run by a browser: pictures come with their type, everything else as application/octet-stream.")
	down.Responses = map[string]*huma.Response{"200": {Description: "The content.", Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}}
	handle(api, down, s.download)
}

func (s *Service) download(ctx context.Context, a Actor, in *struct {
	Attachment string `path:"attachment" maxLength:"64" doc:"Id of the file."`
}) (*huma.StreamResponse, error) {
	f, file, err := s.OpenAttachment(ctx, a, in.Attachment)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer file.Close()
		for name, value := range f.Headers() {
			c.SetHeader(name, value)
		}
		c.SetStatus(http.StatusOK)
		_, _ = io.Copy(c.BodyWriter(), file) // a reader that went away is no fault of ours
	}}, nil
}

// Headers returns the headers under which every door sends a file: as a
// download that no browser runs, whatever is in it (SEC-166, SEC-169). Ranges
// are not offered (SEC-179).
func (f Attachment) Headers() map[string]string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, f.Name)
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": ascii})
	if ascii != f.Name {
		disposition += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(f.Name), "+", "%20")
	}
	return map[string]string{
		"Content-Type": f.ServedType(), "Content-Length": strconv.FormatInt(f.Size, 10), "Content-Disposition": disposition,
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Accept-Ranges": "none",
		"Cache-Control": "private, no-store", "Cross-Origin-Resource-Policy": "same-origin",
	}
}
