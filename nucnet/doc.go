// Package nucnet burns matter: it follows the abundances of a reaction network
// at a given temperature and density.
//
// A [Network] is a list of nuclides with all reactions known between them.
// [Stock] returns those that MESA ships, [New] makes one from any list, and
// [Network.Burn] integrates it:
//
//	net, err := nucnet.Stock("mesa_80")
//	...
//	result, err := net.Burn(ctx, nucnet.State{T: 5e9, Rho: 1e9, X: x}, nucnet.Decades(1e-6, 1), nucnet.Options{})
//
// Abundances are mass fractions X outside and molar abundances Y = X/A (mol/g)
// within, A being the mass number.
package nucnet
