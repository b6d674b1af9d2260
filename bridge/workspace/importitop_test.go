package workspace

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// imported shows an import as text.
func imported(t *testing.T, files ...Source) string {
	t.Helper()
	w, notes, err := ImportITop(files...)
	if err != nil {
		t.Fatal(err)
	}
	text, err := Marshal(w, false)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, n := range notes {
		fmt.Fprintf(&b, "# %s\n", n)
	}
	return b.String() + string(text)
}

// php wraps parameters of the module into a configuration.
func php(parameters string) Source {
	return Source{"config-itop.php", []byte("<?php\n$MyModuleSettings = array('combodo-intercom-integration' => array(\n" + parameters + "\n));\n")}
}

func TestImportGolden(t *testing.T) {
	configuration := Source{"config-itop.php", fixture(t, "config-itop.php")}
	design := Source{"design.xml", fixture(t, "design.xml")}
	golden(t, "import-php.golden", imported(t, configuration))
	golden(t, "import-xml.golden", imported(t, design))
	both := imported(t, configuration, design)
	golden(t, "import-both.golden", both)
	if imported(t, design, configuration) != both {
		t.Error("the order of the files matters")
	}
	for _, secret := range []string{"client-secret-from-itop", "dG9r", "it's a"} {
		if strings.Contains(both, secret) {
			t.Errorf("the import shows %s", secret)
		}
	}
}

func TestImportTakesTheSecrets(t *testing.T) {
	w, _, err := ImportITop(Source{"config-itop.php", fixture(t, "config-itop.php")})
	if err != nil {
		t.Fatal(err)
	}
	if w.ClientSecrets()[0] != "client-secret-from-itop" || w.AccessToken() != "dG9rOmFjbWU=" {
		t.Error("the secrets are not those of the file")
	}
	if got := w.AppIDs(); !reflect.DeepEqual(got, []string{"zz99yy88", "1234"}) {
		t.Errorf("got %v", got)
	}
	if w.Desk.URL != "https://itop.acme.example/itop/" || w.Desk.TimeZone != "Europe/London" || w.Slug != "itop-acme-example" {
		t.Errorf("got %+v, %s", w.Desk, w.Slug)
	}
}

// Each parameter of the file replaces the whole parameter of the design.
// IC-44
func TestIC44_FileOverloadsDesign(t *testing.T) {
	design := Source{"design.xml", fixture(t, "design.xml")}
	w, _, err := ImportITop(php(`
		'sync_app.create_ticket.form_attributes' => array('title'),
		'sync_app.ticket.attributes_mapping' => array('public_log' => 'log'),
		'workspaces' => array('other' => array('scope' => 'SELECT Person')),`), design)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(w.FormAttributes(), []string{"title"}) {
		t.Errorf("a list is merged: %v", w.FormAttributes())
	}
	if w.Attribute("status") != "status" || w.Attribute("public_log") != "log" {
		t.Errorf("a hash is merged: %v", w.Integration.AttributesMapping)
	}
	if !reflect.DeepEqual(w.AppIDs(), []string{"other"}) {
		t.Errorf("workspaces are merged: %v", w.AppIDs())
	}
	if !reflect.DeepEqual(w.DetailsAttributes(), []string{"status", "last_update"}) || w.ShowOpenInBackoffice() {
		t.Errorf("what the file does not say is lost: %v, %v", w.DetailsAttributes(), w.ShowOpenInBackoffice())
	}
}

// IC-45: the wiki shows the parameters without a document around them.
func TestIC45_BareDesign(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "1": true, "false": false, "0": false} {
		w, _, err := ImportITop(Source{"wiki.xml", []byte(`<workspaces type="hash"><abcd type="hash"><scope>SELECT Organization</scope></abcd></workspaces>
			<sync_app.view_ticket.show_open_in_backoffice_button type="bool"> ` + value + ` </sync_app.view_ticket.show_open_in_backoffice_button>`)})
		if err != nil || w.ShowOpenInBackoffice() != want || len(w.AppIDs()) != 1 {
			t.Errorf("%s: got %v, %v, %v", value, w.ShowOpenInBackoffice(), w.AppIDs(), err)
		}
	}
}

// IC-05
func TestIC05_ImportOfAPIKey(t *testing.T) {
	_, _, err := ImportITop(php(`'api_key' => 'abc'`))
	if f := errs.FieldsOf(err); len(f) != 1 || f[0].Path != "api_key" || !strings.Contains(f[0].Text, "workspaces:") {
		t.Errorf("got %v, want an error that names workspaces", err)
	}
}

func TestImportOfWhatIsNotThere(t *testing.T) {
	for name, c := range map[string]struct{ data, want string }{
		"nothing":          {"", "None of the files configures"},
		"another module":   {"<?php $MyModuleSettings = array('x' => array());", "None of the files configures"},
		"another design":   {"<itop_design><classes/></itop_design>", "None of the files configures"},
		"open text":        {"<?php\n$MySettings = array('a' => 'b", "line 2: The text has no closing quote."},
		"open array":       {"<?php\n$MySettings = array('a' => 1", "line 2: The array has no end."},
		"open comment":     {"<?php\n/* x", "line 2: The comment has no end."},
		"two values":       {"<?php $MySettings = ['a' => 1)", "Expected , or ]."},
		"broken design":    {"<itop_design>\n<a></b></itop_design>", "line 2: This is not XML"},
		"too deep":         {"<?php $MySettings = " + strings.Repeat("[", 1000), "arrays within each other"},
		"too deep, in XML": {strings.Repeat("<a>", 1000), "too many elements"},
	} {
		_, _, err := ImportITop(Source{"file", []byte(c.data)})
		if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestPHPLiterals(t *testing.T) {
	for source, want := range map[string]string{
		`'it\'s \\ \n'`:        `it's \ \n`,
		`"a\tb\x41\101\u{e9}"`: "a\tbAAé",
		`"\q \" \$x $ {x}"`:    `\q " $x $ {x}`,
		`'a' . "b" . 1`:        "ab1",
		`-12`:                  "-12",
		`1_000`:                "1000",
		`TRUE`:                 "TRUE",
		"<<<'X'\n  a $b\n  X":  "a $b",
		"<<<X\na\\tb\nX":       "a\tb",
		`\LogAPI::LEVEL_DEBUG`: "",
		`LogAPI::LEVEL_DEBUG`:  "LogAPI::LEVEL_DEBUG",
	} {
		out, err := parsePHP("<?php $MySettings['x'] = " + source + ";")
		got, ok := out.my.get("x")
		if err != nil || !ok || got.text != want {
			t.Errorf("%s: got %q, %v, want %q", source, got.text, err, want)
		}
	}
	for _, source := range []string{`"a $b"`, `"{$a}"`, `f(1, ')')`, `$x`, `$x ? 'a' : 'b'`, `'a' . f()`, `__DIR__ . '/x'`, `new X(['a' => 1])`, `function () { return 1; }`} {
		out, err := parsePHP("<?php $MySettings = array('x' => " + source + ", 'y' => 'z');")
		x, _ := out.my.get("x")
		y, _ := out.my.get("y")
		if err != nil || x.kind != opaqueLiteral || y.text != "z" {
			t.Errorf("%s: got %+v, %+v, %v, want something that only PHP can compute", source, x, y, err)
		}
	}
}

// FuzzPHP: no bytes make the reader panic or run away.
func FuzzPHP(f *testing.F) {
	f.Add(php(`'workspaces' => array('a' => array('scope' => "x")), 'enabled_portals' => [1 => 'b', 'c']`).Data)
	f.Add([]byte("<?php $MySettings['a']['b'] = <<<'X'\n a\n X; # c\n // d ?> html <?php $MyModuleSettings = [f($x), -1 . 'a'];"))
	f.Add([]byte("<itop_design><parameters id='combodo-intercom-integration'><workspaces type='hash'/></parameters></itop_design>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, _, err := ImportITop(Source{"file", data})
		if err != nil {
			return
		}
		if _, err := Marshal(w, true); err != nil {
			t.Fatal(err)
		}
	})
}
