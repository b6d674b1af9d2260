package portal

import (
	"mime"
	"net/http"
)

// file sends an attachment to be saved. No browser runs it, whatever it is
// (SEC-166), and its name cannot leave the header (SEC-169).
func (p *Portal) file(v *visit) error {
	f, data, err := p.tickets.OpenAttachment(v.ctx(), v.actor(), v.Param("id"))
	if err != nil {
		return err
	}
	defer data.Close()
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": f.Name})
	if disposition == "" {
		disposition = "attachment"
	}
	h := v.Writer.Header()
	h.Set("Content-Type", f.ServedType())
	h.Set("Content-Disposition", disposition)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-store")
	http.ServeContent(v.Writer, v.Request, "", f.CreatedAt.Time, data)
	return nil
}
