// Package nnlib trains and runs nuclear neural networks: emulators that give
// the composition and energies of burning matter after a fixed time from its
// temperature, density and composition before.
//
// [Train] learns one [Net], for one time, from a table of burns, [TrainSet] from
// a data set that stays on the disk. A [Model] holds one or more of them by time in a single file, [Model.Predict] asks it,
// and [Evaluate] scores it against burns it has not seen:
//
//	net, history, err := nnlib.Train(ctx, nnlib.Config{Epochs: 20}, table, 0, nnlib.Hooks{})
//	...
//	model := &nnlib.Model{Nets: []*nnlib.Net{net}}
//	err = model.Save("model.safetensors")
//
// [ShowProgress] and [ShowLosses] follow a training, [Sweep] makes many of them and goes on after a kill, [Pretrained] returns
// a model that is part of the program, and [Model.Card] says what a model is and how to make it again.
//
// Unless the settings say otherwise, networks, loss and training are those of the paper (arXiv:2503.00115): [Paper] returns
// its settings. [TrainPhysical] learns a net of another kind, one for all times, that corrects physical guesses and conserves
// baryons and charge: [Physical] returns its settings. [Hybrid] burns what a model cannot be trusted with.
package nnlib
