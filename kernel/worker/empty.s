// This file lets a function of the package have its body elsewhere, in the runtime.
