package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"nuclab/nnlib/paper"
)

// measuredBurns is how many burns of each kind a plan makes to know how long they take.
const measuredBurns = 16

// planDoc is the JSON of schema nuclab.reproduce.plan/1.
type planDoc struct {
	Schema  string    `json:"schema"`
	Scale   string    `json:"scale"`
	Threads int       `json:"threads"`
	Tasks   []planRow `json:"tasks"`
	// What is left to do: processor time and time here, s, and bytes on disk.
	CPU       float64        `json:"cpu_s"`
	Here      float64        `json:"time_s"`
	Bytes     int64          `json:"bytes"`
	Slurm     []string       `json:"slurm"`
	Notebooks []reproduceRow `json:"notebooks"`
}

type planRow struct {
	Task    string   `json:"task"`
	Kind    string   `json:"kind"`
	Figures []string `json:"figures"`
	Count   int      `json:"count"`
	CPU     float64  `json:"cpu_s"`
	Here    float64  `json:"time_s"`
	Bytes   int64    `json:"bytes"`
	Done    bool     `json:"done"`
}

// plan prints what there is to do, measured on this machine.
func (r *reproduction) plan(ctx context.Context, out *output) error {
	scale, err := paper.ScaleOf(r.scale)
	if err != nil {
		return err
	}
	threads := cmp.Or(r.threads, runtime.GOMAXPROCS(0))
	doc := planDoc{Schema: "nuclab.reproduce.plan/1", Scale: r.scale, Threads: threads, Tasks: []planRow{}, Slurm: []string{}}
	var todo []string
	notebooks := &grid{head: []string{"notebook", "state", "time_s of the last run"}}
	for _, n := range r.notebooks {
		row := reproduceRow{Notebook: n.name, State: "to run", Seconds: n.record.Seconds, Figures: n.record.Figures}
		if !r.force && r.current(n) {
			row.State = "there already"
		} else {
			todo = append(todo, n.name)
		}
		doc.Notebooks = append(doc.Notebooks, row)
		last := ""
		if row.Seconds > 0 {
			last = fmt.Sprintf("%.0f", row.Seconds)
		}
		notebooks.add(n.name, row.State, last)
	}
	var all []paper.Task
	if len(todo) > 0 {
		if all, err = paper.Plan(ctx, scale, 1, filepath.Join(r.dir, "data"), measuredBurns); err != nil {
			return err
		}
	}
	work := doc.add(all, !r.selected, todo)
	notes := []string{fmt.Sprintf("scale %s on %d threads, as measured here with %d burns of each kind and some steps of training; trainings often end before their last step",
		r.scale, threads, measuredBurns)}
	if len(todo) > 0 {
		args := []string{"nuclab", "reproduce"}
		if r.selected {
			args = append(args, todo...)
		}
		args = append(args, "--scale", r.scale, "--out", r.out)
		for _, key := range slices.Sorted(maps.Keys(r.values)) {
			args = append(args, "-p", key+"="+r.values[key])
		}
		doc.Slurm = append(doc.Slurm, shellLine([]string{"sbatch", "--job-name=nuclab", "--nodes=1", "--cpus-per-task=16", "--gres=gpu:1", "--wrap=" + shellLine(args)}))
		notes = append(notes, "On a cluster with Slurm, the last when the jobs of the others have ended (without a GPU leave out --gres):")
		for _, line := range doc.Slurm {
			notes = append(notes, "  "+line)
		}
	}
	return out.write(doc, notes, work, notebooks)
}

// A job of a cluster has so many processors and takes about so long, s.
const jobCPUs, jobTime = 8, 600

// add takes over the tasks, of a selection of notebooks those that these need, and returns their table.
func (doc *planDoc) add(tasks []paper.Task, all bool, notebooks []string) *grid {
	t := &grid{head: []string{"work", "count", "processor time", "time here", "disk", "done"}}
	for _, task := range tasks {
		if !all && !slices.ContainsFunc(task.Figures, func(f string) bool { return slices.Contains(notebooks, f) }) {
			continue
		}
		row := planRow{task.Name, task.Kind, task.Figures, task.Count, task.CPU, task.CPU / float64(doc.Threads), task.Bytes, task.Done}
		doc.Tasks = append(doc.Tasks, row)
		count, done := fmt.Sprintf("%d burns", task.Count), ""
		if task.Kind == "training" {
			count = fmt.Sprintf("%d steps at most", task.Count)
		}
		if task.Done {
			done = "yes"
		}
		t.add(task.Name, count, forPeople(row.CPU), forPeople(row.Here), bytesForPeople(row.Bytes), done)
		if task.Done {
			continue
		}
		doc.CPU += row.CPU
		doc.Here += row.Here
		doc.Bytes += row.Bytes
		if len(task.Command) > 2 { // dataset generate ...
			jobs := min(256, 1+int(task.CPU/(jobCPUs*jobTime)))
			submit := []string{"nuclab", "dataset", "submit", "--slurm", "--array", fmt.Sprint(jobs), "--cpus", fmt.Sprint(jobCPUs)}
			doc.Slurm = append(doc.Slurm, shellLine(append(submit, task.Command[2:]...)))
		}
	}
	t.add("all that is left", "", forPeople(doc.CPU), forPeople(doc.Here), bytesForPeople(doc.Bytes), "")
	return t
}

// shellLine is a command as a shell takes it.
func shellLine(args []string) string {
	var line []string
	for _, arg := range args {
		line = append(line, quoted(arg))
	}
	return strings.Join(line, " ")
}

// forPeople is a time in the unit that fits.
func forPeople(seconds float64) string {
	for _, u := range []struct {
		name string
		s    float64
	}{{"d", 86400}, {"h", 3600}, {"min", 60}} {
		if seconds >= 2*u.s {
			return fmt.Sprintf("%.3g %s", seconds/u.s, u.name)
		}
	}
	return fmt.Sprintf("%.2g s", seconds)
}

func bytesForPeople(n int64) string {
	if n >= 1e9 {
		return fmt.Sprintf("%.3g GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.3g MB", float64(n)/1e6)
}

// compare prints which figures are out of date; the status is 1 if any is.
func (r *reproduction) compare(out *output) error {
	doc := reproduceDoc{Schema: "nuclab.reproduce.check/1", Scale: r.scale}
	t := &grid{head: []string{"notebook", "figures", "outputs in the notebook"}}
	stale := false
	for _, n := range r.notebooks {
		row := reproduceRow{Notebook: n.name, State: r.difference(n), Figures: n.record.Figures}
		outputs := "of these cells"
		switch n.rendered {
		case n.recipe.Cells:
		case "":
			outputs = "not known"
		default:
			outputs, stale = "of other cells", true
		}
		stale = stale || row.State != "current"
		doc.Notebooks = append(doc.Notebooks, row)
		t.add(n.name, row.State, outputs)
	}
	if err := out.write(doc, nil, t); err != nil {
		return err
	}
	if stale {
		return silentError(exitFailed)
	}
	return nil
}

// difference says how the figures that are there differ from what the notebook would make.
func (r *reproduction) difference(n *figureNotebook) string {
	was := n.record.recipe
	if was.Cells == "" {
		return "none"
	}
	var other []string
	if was.Cells != n.recipe.Cells {
		other = append(other, "cells")
	}
	if !maps.Equal(was.Parameters, n.recipe.Parameters) {
		other = append(other, "parameters")
	}
	if n.name != "index" && was.Inputs != n.recipe.Inputs { // an index is made of figures that stand here themselves
		other = append(other, "inputs")
	}
	if was.Source != n.recipe.Source {
		other = append(other, "packages")
	}
	switch {
	case len(other) > 0:
		return "made by other " + strings.Join(other, ", ")
	case n.name != "index" && !r.current(n):
		return "incomplete"
	}
	return "current"
}
