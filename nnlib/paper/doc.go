// Package paper is the experiment of arXiv:2503.00115, "Nuclear Neural Networks: Emulating Late Burning Stages in Core
// Collapse Supernova Progenitors", at a scale: the burns that its nets learn, the nets, the tests, the scan over depths,
// and the numbers that it published.
//
//	x := paper.Experiment{Scale: paper.Demo(), Network: "mesa_80", Seed: 1}
//	model, err := x.Model(ctx)                             // burns and trains, once
//	score, err := x.Evaluate(ctx, dataset.PaperTest)       // burns the test runs, once
//
// What takes time is kept in a folder under a name made of everything that decides it, and made once however many
// programs ask for it: the others wait. A call that was interrupted, even by a kill, goes on where it was.
package paper
