package portal

import (
	"net/http"
	"strings"
)

// notice is what the page after a form tells about it.
type notice struct {
	Text    string
	Warning bool
}

// The notices. Between the form and the next page they travel as codes in a
// cookie that is good for one page: no text of anybody's, nothing in the address.
const (
	noticeCreated   = "created"
	noticeReplied   = "replied"
	noticeAttached  = "attached"
	noticeClosed    = "closed"
	noticeReopened  = "reopened"
	noticePassword  = "password"
	noticeFileLarge = "file-large"
	noticeFileKind  = "file-kind"
)

// warnings says which codes there are, and which of them are warnings.
func warnings() map[string]bool {
	return map[string]bool{
		noticeCreated: false, noticeReplied: false, noticeAttached: false, noticeClosed: false, noticeReopened: false, noticePassword: false,
		noticeFileLarge: true, noticeFileKind: true,
	}
}

// cookieName gives a cookie the prefix that browsers guard (SEC-073).
func (v *visit) cookieName(name string) string {
	if v.secure {
		return "__Host-deskbridge-" + name
	}
	return "deskbridge-" + name
}

// setCookie sets a cookie for the next minute, or with "" takes it back.
func (v *visit) setCookie(name, value string) {
	c := &http.Cookie{Name: v.cookieName(name), Value: value, Path: "/", MaxAge: 60, HttpOnly: true, Secure: v.secure, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.Writer, c)
}

// takeCookie reads a cookie and takes it back.
func (v *visit) takeCookie(name string) string {
	c, err := v.Request.Cookie(v.cookieName(name))
	if err != nil || c.Value == "" {
		return ""
	}
	v.setCookie(name, "")
	return c.Value
}

// tell leaves notices for the next page.
func (v *visit) tell(codes ...string) {
	v.setCookie("notice", strings.Join(codes, "."))
}

// takeNotices returns what was left for this page.
func (v *visit) takeNotices() []notice {
	var out []notice
	known := warnings()
	for code := range strings.SplitSeq(v.takeCookie("notice"), ".") {
		if warning, ok := known[code]; ok && len(out) < 4 {
			out = append(out, notice{Text: v.T("notice." + code), Warning: warning})
		}
	}
	return out
}
