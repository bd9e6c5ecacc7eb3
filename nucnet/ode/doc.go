// Package ode integrates stiff systems of ordinary differential equations
//
//	dy/dt = f(t, y),  y(t0) given,
//
// whose Jacobian is sparse with a fixed pattern.
//
// Four things are separate and combine freely. A [Problem] is the right-hand
// side with its Jacobian and what is known about its structure. A [Method] is
// one integration formula: [Rodas5P], [Rodas4], [BDF], [BaderDeuflhard] and
// [BackwardEuler] are its members, one file each. [Settings] hold the tolerances
// from which the error norm and the step control follow. The output times are a
// plain list: [Solve] calls back with the solution at each of them.
//
// Linear first integrals (total mass, charge, ...) that a problem declares in
// its [Structure] are built into every linear system that a method solves.
// They then hold to rounding for any tolerance, and the slow modes that they
// stand for survive where the Jacobian's large entries would round them away.
//
// Linear systems are solved by tiles of four rows and columns, on amd64 with the
// vector instructions AVX2 and FMA where the processor has them. Without them
// results are the same to rounding, not to the last bit.
package ode
