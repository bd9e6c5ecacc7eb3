package dataset

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Errors of sets that are made on a cluster.
var (
	ErrNoSlurm = errors.New("refused by Slurm")
	ErrBusy    = errors.New("parts are still being made")
)

const (
	partsSuffix = ".parts"
	jobName     = "job.json"
	jobSchema   = "nuclab.dataset.job/1"
)

// Job is a data set in the making by an array of jobs of Slurm. It is kept in the folder DIR.parts beside that of the
// set, DIR, with a folder for each part, the scripts and what they print.
type Job struct {
	Schema  string   `json:"schema"`
	ID      string   `json:"id"`      // of the recipe
	Samples int      `json:"samples"` // of the whole set
	Array   int      `json:"array"`   // parts
	Program string   `json:"program"` // the nuclab that the jobs run
	Args    []string `json:"args"`    // of its generate, but for the part's
	CPUs    int      `json:"cpus"`    // of each job
	AtOnce  int      `json:"at_once"` // jobs that run at the same time; 0: no limit
	Options []string `json:"options"` // of sbatch besides, "--partition=long"
	Sent    []Sent   `json:"sent"`    // in the order of time

	dir string // of the set
}

// Sent is one submission: an array of jobs, and the job that merges the parts when all of them have gone well.
type Sent struct {
	Array string `json:"array"` // number of the job
	Merge string `json:"merge"`
	Parts []int  `json:"parts"`
}

// PartState is what there is of one part.
type PartState struct {
	Part    int      `json:"part"`    // from 1
	State   string   `json:"state"`   // "done", "damaged", "running", "waiting", or "missing": nobody works at it
	Files   int      `json:"files"`   // finished
	Samples int      `json:"samples"` // in them
	Wanted  int      `json:"wanted"`  // samples of the whole part
	Failed  int      `json:"failed"`  // burns
	Damaged []string `json:"damaged,omitempty"`
}

// NewJob makes the folder of a job for the set that the settings describe, to be kept in dir. A copy of the program in it
// is what the jobs run, so that one built anew or removed meanwhile, as that of "go run" is, changes nothing. The error
// wraps ErrExists if there is such a folder, or a set in dir, already.
func NewJob(dir string, s Settings, j Job) (*Job, error) {
	g, err := newGenerator(s)
	if err != nil {
		return nil, err
	}
	if files := g.manifest.fileCount(); j.Array < 1 || j.Array > files {
		return nil, fmt.Errorf("dataset: %w: %d jobs for %d files, want 1 to %d, or fewer samples in a file", ErrSettings, j.Array, files, files)
	}
	if j.dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	j.Schema, j.ID, j.Samples = jobSchema, g.manifest.ID(), s.Samples
	for _, d := range []string{j.dir, j.folder()} {
		if entries, err := os.ReadDir(d); err == nil && len(entries) > 0 {
			return nil, fmt.Errorf("dataset: %s: %w: name another, or resume the job for it", d, ErrExists)
		}
	}
	if err := os.MkdirAll(filepath.Join(j.folder(), "logs"), 0o755); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	program := filepath.Join(j.folder(), "nuclab")
	err = g.checkSpace(j.folder(), nil)
	if err == nil {
		err = copyProgram(program, j.Program)
	}
	if j.Program = program; err == nil {
		err = j.write()
	}
	if err != nil {
		os.RemoveAll(j.folder())
		return nil, err
	}
	return &j, nil
}

// copyProgram copies an executable file.
func copyProgram(to, from string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("dataset: the program for the jobs: %w", err)
	}
	if err := writeFile(to, b); err != nil {
		return err
	}
	if err := os.Chmod(to, 0o755); err != nil {
		return fmt.Errorf("dataset: the program for the jobs: %w", err)
	}
	return nil
}

// write keeps the job in its folder.
func (j *Job) write() error {
	b, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	return writeFile(filepath.Join(j.folder(), jobName), append(b, '\n'))
}

// OpenJob reads the job for the set in dir. The error wraps ErrNoDataset if there is none.
func OpenJob(dir string) (*Job, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	j := &Job{dir: abs}
	path := filepath.Join(j.folder(), jobName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("dataset: %s: %w: no job was submitted for it: there is no %s", dir, ErrNoDataset, path)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	if err := json.Unmarshal(b, j); err != nil {
		return nil, fmt.Errorf("dataset: %s: %w: %w", path, ErrDamaged, err)
	}
	if j.Schema != jobSchema {
		return nil, fmt.Errorf("dataset: %s: %w: schema %q, this program reads %q", path, ErrNoDataset, j.Schema, jobSchema)
	}
	return j, nil
}

func (j *Job) folder() string { return j.dir + partsSuffix }

// Part returns the folder of part k.
func (j *Job) Part(k int) string {
	return filepath.Join(j.folder(), fmt.Sprintf("part-%d-of-%d", k, j.Array))
}

// States looks at every part, its files' hashes included, and asks Slurm for those that are in its queue.
func (j *Job) States(ctx context.Context) ([]PartState, error) {
	queued, err := j.queue(ctx)
	if err != nil {
		return nil, err
	}
	states := make([]PartState, j.Array)
	for i := range states {
		st := &states[i]
		st.Part, st.State = i+1, "missing"
		set, err := Open(j.Part(st.Part))
		switch {
		case errors.Is(err, ErrNoDataset):
		case err != nil:
			st.Damaged = []string{manifestName}
		case set.ID() != j.ID || set.Shard != (Shard{st.Part, j.Array}).String():
			return nil, fmt.Errorf("dataset: %s: %w: it belongs to another set", set.Dir, ErrDifferent)
		default:
			for f := range set.fileCount() {
				if (Shard{st.Part, j.Array}).has(f) {
					st.Wanted += set.file(f).Samples
				}
			}
			for _, f := range set.Files {
				if n, sum, err := hashFile(filepath.Join(set.Dir, f.Name)); err != nil || n != f.Bytes || sum != f.SHA256 {
					st.Damaged = append(st.Damaged, f.Name)
					continue
				}
				st.Files, st.Samples, st.Failed = st.Files+1, st.Samples+f.Samples, st.Failed+f.Failed
			}
			if set.Complete && len(st.Damaged) == 0 {
				st.State = "done"
			}
		}
		if len(st.Damaged) > 0 {
			st.State = "damaged"
		}
		if q := queued[st.Part]; q != "" {
			st.State = q
		}
	}
	return states, nil
}

// queue returns what Slurm says about the parts that it has jobs for: "running" or "waiting".
func (j *Job) queue(ctx context.Context) (map[int]string, error) {
	queued := map[int]string{}
	if len(j.Sent) == 0 {
		return queued, nil
	}
	// Job numbers that Slurm has forgotten are an error to squeue, so ask for all jobs of the user.
	out, err := run(ctx, "squeue", "--noheader", "--array", "--me", "--format=%A %F %K %T")
	if err != nil {
		return nil, err
	}
	for _, line := range strings.Split(out, "\n") {
		f := strings.Fields(line)
		if len(f) != 4 {
			continue
		}
		k, err := strconv.Atoi(f[2])
		for _, s := range j.Sent {
			if s.Array == f[1] && err == nil {
				switch f[3] {
				case "PENDING", "REQUEUED", "SUSPENDED":
					queued[k] = "waiting"
				case "RUNNING", "CONFIGURING", "COMPLETING":
					queued[k] = "running"
				}
			}
		}
	}
	return queued, nil
}

// Submit sends the parts that are missing or damaged, and the job that merges all of them behind those. It returns the
// submission, nil if every part is done and the set merged. The error wraps ErrBusy while earlier jobs are in the queue,
// and ErrNoSlurm where Slurm cannot be asked.
func (j *Job) Submit(ctx context.Context) (*Sent, error) {
	states, err := j.States(ctx)
	if err != nil {
		return nil, err
	}
	var parts []int
	for _, s := range states {
		switch s.State {
		case "running", "waiting":
			return nil, fmt.Errorf("dataset: %s: %w: part %d is %s", j.dir, ErrBusy, s.Part, s.State)
		case "missing", "damaged":
			parts = append(parts, s.Part)
		}
	}
	if len(parts) == 0 {
		if set, err := Open(j.dir); err == nil && set.Complete {
			return nil, nil
		}
	}
	if err := j.writeScripts(); err != nil {
		return nil, err
	}
	sent := Sent{Parts: parts}
	merge := []string{"--parsable", "--job-name=nuclab-merge", "--kill-on-invalid-dep=yes",
		"--output=" + filepath.Join(j.folder(), "logs", "merge-%j.log")}
	if len(parts) > 0 {
		list := make([]string, len(parts))
		for i, k := range parts {
			list[i] = strconv.Itoa(k)
		}
		array := strings.Join(list, ",")
		if j.AtOnce > 0 {
			array += "%" + strconv.Itoa(j.AtOnce)
		}
		args := append([]string{"--parsable", "--job-name=nuclab", "--array=" + array, "--cpus-per-task=" + strconv.Itoa(j.CPUs),
			"--output=" + filepath.Join(j.folder(), "logs", "part-%a-%A.log")}, j.Options...)
		if sent.Array, err = submitted(ctx, append(args, j.script("generate"))...); err != nil {
			return nil, err
		}
		merge = append(merge, "--dependency=afterok:"+sent.Array)
	}
	sent.Merge, err = submitted(ctx, append(append(merge, j.Options...), j.script("merge"))...)
	j.Sent = append(j.Sent, sent) // even if the merge was refused: the array is in the queue
	return &sent, errors.Join(err, j.write())
}

func (j *Job) script(name string) string { return filepath.Join(j.folder(), name+".sh") }

// writeScripts writes what the jobs run.
func (j *Job) writeScripts() error {
	quote := func(args ...string) string {
		for i, a := range args {
			args[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		return strings.Join(args, " ")
	}
	generate := fmt.Sprintf(`#!/bin/sh
exec %s --threads %d --shard "$SLURM_ARRAY_TASK_ID/%d" --resume --out %s/part-"$SLURM_ARRAY_TASK_ID"-of-%d
`, quote(append([]string{j.Program, "dataset", "generate"}, j.Args...)...),
		j.CPUs, j.Array, quote(j.folder()), j.Array)
	parts := make([]string, j.Array)
	for k := range parts {
		parts[k] = j.Part(k + 1)
	}
	merge := fmt.Sprintf(`#!/bin/sh
exec %s
`, quote(append([]string{j.Program, "dataset", "merge", "--out", j.dir}, parts...)...))
	return errors.Join(writeFile(j.script("generate"), []byte(generate)), writeFile(j.script("merge"), []byte(merge)))
}

// submitted calls sbatch and returns the number of the job.
func submitted(ctx context.Context, args ...string) (string, error) {
	out, err := run(ctx, "sbatch", args...)
	if err != nil {
		return "", err
	}
	id, _, _ := strings.Cut(strings.TrimSpace(out), ";") // a cluster's name may follow
	if _, err := strconv.Atoi(id); err != nil {
		return "", fmt.Errorf("dataset: %w: sbatch answers %q, want the number of a job", ErrNoSlurm, out)
	}
	return id, nil
}

// run calls a program of Slurm and returns what it prints.
func run(ctx context.Context, name string, args ...string) (string, error) {
	var out, problem bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", fmt.Errorf("dataset: %w: no %s here: submit where Slurm is, or use --shard with another scheduler", ErrNoSlurm, name)
		}
		return "", fmt.Errorf("dataset: %w: %s: %w: %s", ErrNoSlurm, name, err, strings.TrimSpace(problem.String()))
	}
	return out.String(), nil
}
