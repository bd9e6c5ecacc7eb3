// Package approx21 holds the small networks of stellar-evolution codes that follow 21 or 22 nuclides from hydrogen
// burning to the iron group. They descend from Timmes's aprox21 (Timmes 1999, ApJS 124, 241; Weaver, Zimmerman &
// Woosley 1978, ApJ 225, 1021) in the form that MESA gives them (Paxton et al. 2011, ApJS 192, 3, and later papers).
//
// What the members do to each other is a list of net reactions, the [Flow] values. Behind most of them stand several
// elementary rates and nuclides that are not followed: alpha particles are captured directly or by (a,p)(p,g) through
// an odd nucleus, and the isotopes between fe52, fe54, fe56 and ni56, or between nucleons and he4, are taken to be in
// steady state, which makes the rates of the net reactions depend on the abundances of neutrons and protons.
//
// Protons are followed twice: h1 takes part in hydrogen burning alone, prot in photodisintegration and the iron group.
//
// A [Network] knows its flows, an [Evaluator] their rates at one temperature and density: time derivatives, the
// Jacobian, and the losses by neutrinos. What changes with the composition but slowly, enhancement factors and weak
// rates, is an argument ([Conditions]), so that a solver may keep it from step to step.
package approx21
