package portal

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// signInPage is the form of the sign-in page.
type signInPage struct {
	Email, Next, Error string
}

// toSignIn leads a stranger to the sign-in page and from there back to the page
// they asked for. A form that was sent is not sent again: back leads to its page.
func (v *visit) toSignIn() {
	next := v.Request.URL.Path
	if v.Request.Method == http.MethodPost {
		for _, act := range []string{"/reply", "/close", "/reopen"} {
			next = strings.TrimSuffix(next, act)
		}
	}
	to := root + "/sign-in"
	if next = localPath(next); next != root+"/tickets" {
		to += "?next=" + url.QueryEscape(next)
	}
	v.see(to)
}

// localPath returns next when it is the address of a page of the portal, and
// that of the list otherwise: a link to the sign-in page leads nowhere else.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || len(next) > 300 || u.Scheme != "" || u.Host != "" || u.User != nil || u.Fragment != "" ||
		!strings.HasPrefix(next, root+"/") || strings.Contains(u.Path, "..") || strings.ContainsAny(next, "\\\r\n\t") || strings.Contains(u.Path, "//") {
		return root + "/tickets"
	}
	return next
}

func (p *Portal) showSignIn(v *visit) error {
	if v.known {
		v.see(root + "/tickets")
		return nil
	}
	p.show(v, http.StatusOK, "sign-in", v.T("sign-in.title"), signInPage{Next: localPath(v.Query("next"))})
	return nil
}

// signIn says the same about an unknown address and a wrong password (SEC-185).
func (p *Portal) signIn(v *visit) error {
	if err := v.readForm(maxForm); err != nil {
		return err
	}
	form := signInPage{Email: strings.TrimSpace(v.value("email")), Next: localPath(v.value("next"))}
	if form.Email == "" || v.value("password") == "" {
		form.Error = v.T("sign-in.empty")
		p.show(v, http.StatusUnprocessableEntity, "sign-in", v.T("sign-in.title"), form)
		return nil
	}
	_, err := p.auth.SignIn(v.Context, form.Email, v.value("password"))
	switch errs.KindOf(err) {
	case "":
		v.see(form.Next)
		return nil
	case errs.Denied:
		form.Error = v.T("sign-in.wrong")
		p.show(v, http.StatusUnauthorized, "sign-in", v.T("sign-in.title"), form)
		return nil
	case errs.Throttled:
		form.Error = v.T("sign-in.throttled", v.wait(retryAfter(err)))
		v.Header("Retry-After", seconds(retryAfter(err)))
		p.show(v, http.StatusTooManyRequests, "sign-in", v.T("sign-in.title"), form)
		return nil
	}
	return err
}

// signOut ends the session on the server, and with it the Messenger's: the page
// that follows shuts it down (SEC-190).
func (p *Portal) signOut(v *visit) error {
	w := p.widget(v)
	if err := p.auth.SignOut(v.Context); err != nil {
		return err
	}
	v.noteShutdown(w)
	v.see(root + "/signed-out")
	return nil
}

func (p *Portal) signedOut(v *visit) error {
	if v.known {
		v.see(root + "/tickets")
		return nil
	}
	p.show(v, http.StatusOK, "signed-out", v.T("signed-out.title"), nil)
	return nil
}

// passwordPage is the form to change one's password. No password is ever shown
// again.
type passwordPage struct {
	Email  string
	Errors []item
	*mistakes
}

func (p *Portal) showPassword(v *visit) error {
	p.show(v, http.StatusOK, "password", v.T("password.title"), passwordPage{Email: v.who.Email, mistakes: &mistakes{}})
	return nil
}

func (p *Portal) changePassword(v *visit) error {
	if err := v.readForm(maxForm); err != nil {
		return err
	}
	bad := &mistakes{}
	if v.value("current") == "" {
		bad.add("current", v.T("wrong.current-empty"))
	}
	if v.value("password") == "" {
		bad.add("password", v.T("wrong.password-empty"))
	} else if v.value("password") != v.value("again") {
		bad.add("again", v.T("wrong.again"))
	}
	status := http.StatusUnprocessableEntity
	if !bad.any() {
		err := p.auth.ChangePassword(v.ctx(), v.value("current"), v.value("password"))
		switch {
		case err == nil:
			v.tell(noticePassword)
			v.see(root + "/password")
			return nil
		case errs.Is(err, errs.Throttled):
			status = http.StatusTooManyRequests
			bad.add("current", v.T("sign-in.throttled", v.wait(retryAfter(err))))
			v.Header("Retry-After", seconds(retryAfter(err)))
		case !bad.addAll(v, err):
			return err
		}
	}
	p.show(v, status, "password", v.T("password.title"), passwordPage{Email: v.who.Email, Errors: bad.list("current", "password", "again"), mistakes: bad})
	return nil
}
