package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"

	"nuclab/nnlib"
)

// trainingConfig starts from the settings of a scale and applies a file's and then the flags'. It returns the setting
// dt apart, "all" if there is none.
func trainingConfig(scale, network, file string, settings []string) (cfg nnlib.Config, dt string, err error) {
	switch scale {
	case "demo":
		cfg.Network = network
	case "paper":
		if cfg, err = nnlib.Paper(network); err != nil {
			return cfg, "", badInput("--scale: %v", err)
		}
	default:
		return cfg, "", badInput("--scale: %q is neither demo nor paper", scale)
	}
	if dt, err = applySettings(&cfg, file, settings); err != nil || cfg.Net != "physical" || scale != "demo" {
		return cfg, dt, err
	}
	// What a physical net starts from is known only now.
	cfg = nnlib.Physical(network)
	dt, err = applySettings(&cfg, file, settings)
	return cfg, dt, err
}

// applySettings changes settings by those of a file, then by those of flags, and returns the setting dt apart.
func applySettings(cfg *nnlib.Config, file string, settings []string) (dt string, err error) {
	dt = "all"
	set := func(where, key, value string) error {
		if key == "dt" {
			dt = value
			return nil
		}
		if err := cfg.Set(key, value); err != nil {
			return badInput("%s: %v", where, err)
		}
		return nil
	}
	if file != "" {
		if err := readSettings(file, set); err != nil {
			return "", err
		}
	}
	for _, s := range settings {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return "", badInput("-p: %q is not key=value", s)
		}
		if err := set("-p "+key, strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return "", err
		}
	}
	return dt, nil
}

// readSettings calls set for each setting of a file in TOML or of a JSON object.
func readSettings(path string, set func(where, key, value string) error) error {
	text, err := readInput(path)
	if err != nil {
		return badInput("--config: %v", err)
	}
	settings := make(map[string]any)
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		err = d.Decode(&settings)
	} else {
		_, err = toml.Decode(text, &settings)
	}
	if err != nil {
		return badInput("--config %s: %v", path, err)
	}
	for _, key := range sortedKeys(settings) {
		value, err := settingText(settings[key])
		if err != nil {
			return badInput("--config %s: %s: %v", path, key, err)
		}
		if err := set("--config "+path, key, value); err != nil {
			return err
		}
	}
	return nil
}

// settingText writes a value of a file as -p takes it; a list, as dt may be, with commas.
func settingText(v any) (string, error) {
	switch v := v.(type) {
	case string, int64, float64, bool, json.Number:
		return fmt.Sprint(v), nil
	case []any:
		var parts []string
		for _, e := range v {
			text, err := settingText(e)
			if err != nil {
				return "", err
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, ","), nil
	}
	return "", fmt.Errorf("it is neither a number nor a text")
}
