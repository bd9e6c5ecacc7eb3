package star_test

import (
	"context"
	"fmt"
	"strings"

	"nuclab/nucnet"
	"nuclab/nucnet/nuclide"
	"nuclab/nucnet/star"
)

// A core of silicon too cold to burn loses energy to neutrinos, contracts, and heats up because it does.
func ExampleCore() {
	silicon, err := nuclide.ParseList("si28")
	if err != nil {
		fmt.Println(err)
		return
	}
	net, err := nucnet.New("silicon", silicon)
	if err != nil {
		fmt.Println(err)
		return
	}
	core := star.Core{Network: net, X: []float64{1}, Mass: 1.8, EndRho: 2e7}
	e, err := core.Evolve(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	first, last := e.Points[0], e.Points[len(e.Points)-1]
	fmt.Printf("from %.1e K to %.1e K while it lost energy: %t\n", first.T, last.T, e.Budgets[len(e.Budgets)-1].ThermalNu > 0)
	// Output:
	// from 2.2e+09 K to 2.6e+09 K while it lost energy: true
}

func ExampleReadLogs() {
	history := `                  1
     version_number
         "r23.05.1"

     1             2             3               4
     model_number  star_age_sec  log_center_T    log_center_Rho
     100           0.0E0         9.301029995664  7.0
     101           3.6E3         9.477121254720  8.0
`
	logs, err := star.ReadLogs(strings.NewReader(history), "history.data")
	if err != nil {
		fmt.Println(err)
		return
	}
	track, err := logs.Track()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range track.Points {
		fmt.Printf("%4.0f s: %.1e K, %.1e g/cm3\n", p.Time, p.T, p.Rho)
	}
	// Output:
	//    0 s: 2.0e+09 K, 1.0e+07 g/cm3
	// 3600 s: 3.0e+09 K, 1.0e+08 g/cm3
}
