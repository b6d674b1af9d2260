package config

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// The channel's filter works alone at debug, in iTop's own spelling and ours.
// IC-42
func TestIC42_LevelsByChannel(t *testing.T) {
	for name, text := range map[string]string{
		"iTop's spelling": "log_level_min: {'': LogAPI::LEVEL_ERROR, 'combodo-intercom-integration': LogAPI::LEVEL_DEBUG}",
		"ours":            "log: {level: error, levels: {combodo-intercom-integration: debug}}",
	} {
		c, err := Load(file(t, text), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		log := Logger(c, &out)
		channel := log.With("channel", "combodo-intercom-integration")
		log.Info("ours-info")
		log.Error("ours-error")
		channel.Debug("channel-debug", "n", 1)
		channel.With("x", 1).WithGroup("g").With("channel", "other").Debug("channel-below")
		log.With("channel", "jobs").Warn("jobs-warn")
		channel.With("channel", "jobs").Warn("moved-warn")
		for text, want := range map[string]bool{
			"ours-info": false, "ours-error": true, "channel-debug": true, "channel-below": true, "jobs-warn": false, "moved-warn": false,
		} {
			if got := strings.Contains(out.String(), text); got != want {
				t.Errorf("%s: %s is logged: %v, want %v", name, text, got, want)
			}
		}
		if !strings.Contains(out.String(), "channel=combodo-intercom-integration") {
			t.Errorf("%s: the channel is not in the line: %s", name, out.String())
		}
	}
}

// IC-42
func TestIC42_OneLevelForAll(t *testing.T) {
	c, err := Load(file(t, "log_level_min: Warning"), nil, nil)
	if err != nil || c.Log.Level.String() != "warn" {
		t.Errorf("got %v, %v", c.Log.Level, err)
	}
}

func TestLogHoldsNoSecret(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		c := Default()
		c.Log.Format = format
		var out bytes.Buffer
		log := Logger(c, &out)
		log.With("client_secret", "s3cret").Info("x", "Authorization", "s3cret", "api-key", "s3cret", "set-cookie", "s3cret",
			slog.Group("g", "access_token", "s3cret", slog.Group("secrets", "a", "s3cret")), "err", errors.New("dial postgres://u:s3cret@db/x"),
			"header", "Bearer s3cret-s3cret-s3cret", "token_given", true)
		log.Info("open postgres://u:s3cret@db/x failed")
		if strings.Contains(out.String(), "s3cret") {
			t.Errorf("%s: a secret is in the log: %s", format, out.String())
		}
		if !strings.Contains(out.String(), "true") || !strings.Contains(out.String(), "@db/x") {
			t.Errorf("%s: more than secrets is left out: %s", format, out.String())
		}
	}
}
