package itoptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const layout = "2006-01-02 15:04:05"

// maxPost is PHP's post_max_size: a larger body reaches no script.
const maxPost = 8 << 20

// restError is an answer with a code other than 0.
type restError struct {
	code    int
	message string
	bare    bool // without "Error: " and with "objects": null
}

func (e restError) Error() string { return e.message }

func fail(code int, format string, args ...any) error {
	return restError{code: code, message: fmt.Sprintf(format, args...)}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/webservices/rest.php" {
		http.NotFound(w, r)
		return
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	if err != nil {
		return
	}
	if len(raw) > maxPost {
		raw = nil
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	_ = r.ParseMultipartForm(maxPost)
	data := r.FormValue("json_data")
	var peek struct {
		Operation string `json:"operation"`
	}
	_ = json.Unmarshal([]byte(data), &peek)
	s.mu.Lock()
	s.calls[""]++
	s.calls[peek.Operation]++
	s.bodies = append(s.bodies, data)
	fault := s.nextFault(peek.Operation)
	s.mu.Unlock()
	if s.early(w, fault) {
		return
	}
	answer := s.answer(r, data)
	switch fault {
	case LostAnswer:
		panic(http.ErrAbortHandler)
	case CrashAfter:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case BrokenJSON:
		answer = answer[:len(answer)/2]
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Set-Cookie", "itop-0=throwaway; path=/")
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	_, _ = w.Write(answer)
}

func (s *Server) nextFault(operation string) Fault {
	if s.down {
		return Maintenance
	}
	for _, op := range []string{operation, ""} {
		if list := s.faults[op]; len(list) > 0 {
			s.faults[op] = list[1:]
			return list[0]
		}
	}
	return 0
}

// early answers the faults that come before any work.
func (s *Server) early(w http.ResponseWriter, f Fault) bool {
	switch f {
	case HTMLPage:
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		_, _ = io.WriteString(w, "<!DOCTYPE html><html><title>iTop login</title><form></form></html>")
	case Crash:
		w.WriteHeader(http.StatusInternalServerError)
	case Maintenance:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"data":[{"code":100,"message":"This application is currently under maintenance."}],"scripts":[]}`)
	case Database:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"code":100,"message":"Error: Failed to issue SQL query: query = SELECT ..., mysql_errno = 2006, mysql_error = MySQL server has gone away"}`)
	case Refuse:
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// answer carries out one request and writes the body.
func (s *Server) answer(r *http.Request, data string) []byte {
	result, err := s.exec(r, data)
	var e restError
	switch {
	case errors.As(err, &e) && e.bare:
		result = map[string]any{"code": e.code, "message": e.message, "objects": nil}
	case errors.As(err, &e):
		result = map[string]any{"code": e.code, "message": "Error: " + e.message}
	case err != nil:
		result = map[string]any{"code": 100, "message": "Error: " + err.Error()}
	}
	b, err := json.Marshal(result)
	if err != nil {
		panic(err)
	}
	return b
}

// input is json_data.
type input struct {
	Operation string          `json:"operation"`
	Comment   *string         `json:"comment"`
	Class     *string         `json:"class"`
	Key       json.RawMessage `json:"key"`
	Fields    json.RawMessage `json:"fields"`
	Output    *string         `json:"output_fields"`
	Limit     json.Number     `json:"limit"`
	Page      *int            `json:"page"`
	User      string          `json:"user"`
	Password  string          `json:"password"`
}

func (s *Server) exec(r *http.Request, data string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.login(r)
	if err != nil {
		return nil, err
	}
	version := r.FormValue("version")
	switch {
	case version == "":
		return nil, fail(2, "Missing parameter 'version' (e.g. '1.0')")
	case data == "":
		return nil, fail(3, "Missing parameter 'json_data'")
	case !json.Valid([]byte(data)):
		return nil, fail(4, "Parameter json_data is not a valid JSON structure")
	case !contains([]string{"1.0", "1.1", "1.2", "1.3", "1.4"}, version):
		return nil, fail(10, "There is no service available for version '%s'", version)
	}
	var in input
	if err := json.Unmarshal([]byte(data), &in); err != nil {
		return nil, fail(100, "itoptest: %s", err)
	}
	switch in.Operation {
	case "":
		return nil, fail(100, "Missing parameter 'operation'")
	case "list_operations":
		ops := []map[string]string{}
		for _, v := range []string{"core/create", "core/update", "core/apply_stimulus", "core/get", "core/delete", "core/get_related", "core/check_credentials"} {
			ops = append(ops, map[string]string{"verb": v, "description": v, "extension": "CoreServices"})
		}
		return map[string]any{"code": 0, "message": "Operations: 7", "version": version, "operations": ops}, nil
	case "core/check_credentials":
		known := s.users[in.User]
		return map[string]any{"code": 0, "message": nil, "authorized": known != nil && known.password == in.Password}, nil
	case "core/get":
		return s.get(u, in)
	case "core/create":
		return s.create(u, in)
	case "core/update":
		return s.update(u, in)
	case "core/apply_stimulus", "core/delete", "core/get_related":
		return nil, fail(100, "itoptest does not play %s", in.Operation)
	}
	return nil, fail(11, "Unknown verb '%s' in version '%s'", in.Operation, version)
}

func (s *Server) login(r *http.Request) (*user, error) {
	may := func(kind string) bool { return contains(s.config.Logins, kind) }
	var u *user
	if token := r.Header.Get("Auth-Token"); token != "" && may("token") {
		switch token {
		case AdminToken:
			u = s.users[Admin]
		case NarrowToken:
			return nil, fail(1, "This token does not have the scope REST/JSON")
		}
	} else if name, password, ok := r.BasicAuth(); ok && may("basic") {
		if known := s.users[name]; known != nil && known.password == password {
			u = known
		}
	} else if name := r.PostFormValue("auth_user"); may("form") {
		if known := s.users[name]; known != nil && known.password == r.PostFormValue("auth_pwd") && known.password != "" {
			u = known
		}
	}
	if u == nil {
		return nil, fail(1, "Invalid login")
	}
	if !u.profiles["REST Services User"] {
		return nil, fail(1, "This user is not authorized to use the web services. (The profile REST Services User is required to access the REST web services)")
	}
	return u, nil
}

// may reports whether an account may read or write a class: administrators
// everything, support agents tickets and files, and they read people and services.
func (s *Server) may(u *user, name string, write bool) bool {
	if u.admin() {
		return true
	}
	if !u.profiles["Support Agent"] {
		return false
	}
	if s.is(name, "Ticket") || name == "Attachment" {
		return true
	}
	return !write && !s.is(name, "User") && name != "CMDBChangeOp"
}

func (s *Server) class(in input) (string, error) {
	if in.Class == nil {
		return "", fail(100, "Missing parameter 'class'")
	}
	if s.model[*in.Class] == nil {
		return "", fail(100, "class: '%s' is not a valid class'", *in.Class)
	}
	return *in.Class, nil
}

// output checks output_fields.
func (s *Server) output(name string, in input) ([]string, error) {
	if in.Output == nil || *in.Output == "*" || *in.Output == "*+" {
		out := []string{}
		for _, a := range s.model[name].attributes {
			out = append(out, a.code)
		}
		return append(out, "finalclass", "friendlyname"), nil
	}
	var out []string
	for _, code := range strings.Split(*in.Output, ",") {
		code = strings.TrimSpace(code)
		if _, ok := s.kindOf(name, code); !ok {
			return nil, fail(100, "output_fields: invalid attribute code '%s'", code)
		}
		out = append(out, code)
	}
	return out, nil
}

// ordered is a JSON map that keeps its order.
type ordered []struct {
	name  string
	value any
}

func (o ordered) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	for i, f := range o {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		name, _ := json.Marshal(f.name)
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, err
		}
		b.Write(append(append(name, ':'), value...))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (o *ordered) add(name string, value any) {
	*o = append(*o, struct {
		name  string
		value any
	}{name, value})
}

func (s *Server) view(o *object, message string, codes []string) map[string]any {
	var fields ordered
	for _, code := range codes {
		fields.add(code, s.field(o, code))
	}
	return map[string]any{"code": 0, "message": message, "class": o.class, "key": strconv.FormatInt(o.id, 10), "fields": fields}
}

// field writes an attribute as REST does: strings for numbers, a real boolean
// for the object's own obsolescence flag.
func (s *Server) field(o *object, code string) any {
	a, own := s.model[o.class].find(code)
	switch {
	case own && a.kind == aLog:
		entries := []map[string]any{}
		for _, e := range o.logs[code] {
			var id any = strconv.FormatInt(e.user, 10)
			if e.user == 0 {
				id = 0
			}
			entries = append(entries, map[string]any{
				"date": time.Unix(e.date, 0).In(s.zone).Format(layout), "user_login": e.name, "user_id": id, "message": toText(e.text), "message_html": e.text,
			})
		}
		return map[string]any{"entries": entries}
	case own && a.kind == aList:
		return []any{}
	case own && a.kind == aFile:
		return o.file
	case own && a.kind == aBool:
		v, _, _ := s.value(o, o.class, code)
		return v == "1"
	}
	v, _, _ := s.value(o, o.class, code)
	return v
}

func (s *Server) result(list []*object, message any, each string, codes []string) any {
	var objects ordered
	for _, o := range list {
		objects.add(o.class+"::"+strconv.FormatInt(o.id, 10), s.view(o, each, codes))
	}
	return map[string]any{"code": 0, "message": message, "objects": objects}
}

func (s *Server) get(u *user, in input) (any, error) {
	name, err := s.class(in)
	if err != nil {
		return nil, err
	}
	if len(in.Key) == 0 {
		return nil, fail(100, "Missing parameter 'key'")
	}
	codes, err := s.output(name, in)
	if err != nil {
		return nil, err
	}
	target, list, err := s.search(name, in.Key)
	if err != nil {
		return nil, err
	}
	if !s.may(u, target, false) {
		return nil, restError{1, "The current user does not have enough permissions for reading data of class " + target, true}
	}
	total := len(list)
	limit, _ := strconv.Atoi(in.Limit.String())
	if limit > 0 {
		page := 1
		if in.Page != nil {
			page = *in.Page
		}
		if page < 1 {
			return nil, restError{13, "The request page number is not valid. It must be an integer greater than 0", true}
		}
		from := min((page-1)*limit, total)
		list = list[from:min(from+limit, total)]
	}
	return s.result(list, fmt.Sprintf("Found: %d", total), "", codes), nil
}

// search reads a key: a number, a map of values, or OQL.
func (s *Server) search(name string, key json.RawMessage) (string, []*object, error) {
	var text string
	if key[0] == '{' {
		list, err := s.byCriteria(name, key)
		return name, list, err
	}
	if json.Unmarshal(key, &text) != nil {
		text = string(key)
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		if o := s.byID(name, number(text)); o != nil {
			return name, []*object{o}, nil
		}
		return name, nil, nil
	}
	q, err := parseOQL(text)
	if err == nil {
		var target string
		var list []*object
		if target, list, err = s.run(q); err == nil {
			return target, list, nil
		}
	}
	var e oqlError
	if errors.As(err, &e) {
		return "", nil, fail(100, "Query failed to execute: query = %s, exception_class = %s, exception_message = %s", text, e.class, e.text)
	}
	return "", nil, err
}

func (s *Server) byCriteria(name string, key json.RawMessage) ([]*object, error) {
	fields, err := orderedFields(key)
	if err != nil {
		return nil, err
	}
	var out []*object
	for _, o := range s.all(name) {
		match := true
		for _, f := range fields {
			if _, ok := s.kindOf(name, f.code); !ok {
				return nil, fail(100, "%s: Unknown attribute", f.code)
			}
			v, _, _ := s.value(o, o.class, f.code)
			match = match && fold(v) == fold(scalar(f.raw))
		}
		if match {
			out = append(out, o)
		}
	}
	s.sort(name, out)
	return out, nil
}
