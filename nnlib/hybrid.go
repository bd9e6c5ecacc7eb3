package nnlib

import (
	"context"
	"fmt"

	"nuclab/nucnet"
)

// Hybrid asks a model where it can be trusted and burns everywhere else, so that
// every answer is good and most are fast.
type Hybrid struct {
	Model   *Model
	Network *nucnet.Network // with the model's nuclides
	Options nucnet.Options  // of the burns
	// MaxUncertainty is the greatest expected error, mean |dX| over the nuclides,
	// of an answer that is taken from the model; 0 means 1e-3. Models that do not
	// know their error, those of the paper's kind, are trusted in their whole domain.
	MaxUncertainty float64
}

// Predict returns what becomes of the states after dt seconds; Prediction.Burnt
// says which were burnt. All are if the model has no net for dt. The error of a burn that fails is that of
// nucnet.Network.BurnBatch.
func (h Hybrid) Predict(ctx context.Context, states []nucnet.State, dt float64) ([]Prediction, error) {
	if err := sameNuclides(h.Model.Nuclides(), h.Network.Nuclides()); err != nil {
		return nil, err
	}
	answers := make([]Prediction, len(states))
	var places []int
	var burn []nucnet.State
	net, err := h.Model.Net(dt)
	var guesses []Prediction
	if err == nil {
		if guesses, err = net.after(ctx, states, dt); err != nil {
			return nil, err
		}
	}
	for i, s := range states {
		if net != nil && guesses[i].InDomain && guesses[i].Uncertainty <= or(h.MaxUncertainty, 1e-3) {
			answers[i] = guesses[i]
			continue
		}
		places, burn = append(places, i), append(burn, s)
	}
	burns, err := Burner{h.Network, h.Options}.Predict(ctx, burn, dt)
	if err != nil {
		return nil, fmt.Errorf("nnlib: burning what the model is not trusted with: %w", err)
	}
	for k, i := range places {
		answers[i] = burns[k]
		answers[i].InDomain = net != nil && guesses[i].InDomain
	}
	return answers, nil
}
