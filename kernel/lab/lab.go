package lab

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Options say how Run starts JupyterLab.
type Options struct {
	// Dir is the folder that JupyterLab shows; "" is the current one.
	Dir string
	// Port is where it listens, on the loopback address alone; 0 takes the first free one from 8888.
	Port int
	// NoBrowser leaves the browser closed: the user opens the printed URL.
	NoBrowser bool
	// Cache is the directory that holds everything lab makes.
	Cache string
	// Spec lists the Python packages.
	Spec Spec
	// Env is added to the environment of the kernels.
	Env map[string]string
	// Args are further arguments for jupyter lab.
	Args []string
	// Warm prepares what the first cells will need, such as compiled packages, while the rest is set up and starts. It writes a
	// line of progress now and then. May be nil.
	Warm func(ctx context.Context, log io.Writer) error
	// Ready is called with the URL once JupyterLab answers there; nil writes it to Log.
	Ready func(url string)
	// Log receives what Run has to say, a line at a time.
	Log io.Writer
}

// Run sets everything up and runs JupyterLab until it is shut down or the context ends, which ends its kernels too.
// Ended by the context, it returns nil.
func Run(ctx context.Context, o Options) error {
	if err := findTools(); err != nil {
		return err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	if info, err := os.Stat(dir); err != nil {
		return fmt.Errorf("lab: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("lab: %s is not a folder", dir)
	}
	if o.Port != 0 {
		if err := portFree(o.Port); err != nil {
			return err
		}
	}
	if o.Warm != nil {
		warmCtx, cancel := context.WithCancel(ctx)
		warmed := make(chan struct{})
		go func() {
			defer close(warmed)
			if err := o.Warm(warmCtx, o.Log); err != nil && warmCtx.Err() == nil {
				fmt.Fprintf(o.Log, "preparing packages: %v\n", err)
			}
		}()
		defer func() { cancel(); <-warmed }()
	}
	python, err := Environment(ctx, o.Cache, o.Spec, o.Log)
	if err != nil {
		return err
	}
	binary, err := InstallBinary(o.Cache)
	if err != nil {
		return err
	}
	if _, err := InstallKernel(PrivateKernels(o.Cache), Kernel{Binary: binary, Env: o.Env}); err != nil {
		return err
	}
	return serve(ctx, python, dir, o)
}

// findTools checks for what every kernel needs.
func findTools() error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("lab: there is no go command in PATH; install Go 1.26 or newer: https://go.dev/dl/")
	}
	if _, err := cCompiler(); err != nil {
		return err
	}
	return nil
}

// cCompiler returns the C compiler by which Go links plugins.
func cCompiler() (string, error) {
	names := []string{"gcc", "clang", "cc"}
	if cc := strings.Fields(os.Getenv("CC")); len(cc) > 0 {
		names = cc[:1]
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("lab: there is no C compiler (%s), which Go needs to link cells; install it: %s", names[0], installHint("gcc"))
}

// portFree checks a port that the user asked for.
func portFree(port int) error {
	ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("lab: --port %d is not free: %w", port, err)
	}
	return ln.Close()
}

// serve runs the JupyterLab server.
func serve(ctx context.Context, python *Python, dir string, o Options) error {
	home := filepath.Join(o.Cache, "jupyter")
	env, err := jupyterEnv(home)
	if err != nil {
		return err
	}
	token := strings.ToLower(rand.Text())
	port, retries := o.Port, 0
	if port == 0 {
		port, retries = 8888, 100 // Jupyter looks for a free one itself
	}
	args := []string{"-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=" + strconv.Itoa(port),
		"--ServerApp.port_retries=" + strconv.Itoa(retries), "--ServerApp.root_dir=" + dir,
		"--MultiKernelManager.default_kernel_name=" + KernelName}
	if o.NoBrowser {
		args = append(args, "--no-browser")
	}
	if os.Geteuid() == 0 {
		args = append(args, "--allow-root")
	}
	args = append(args, o.Args...)
	logPath := filepath.Join(home, "lab.log")
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	defer log.Close()
	server := exec.Command(python.Interpreter, args...)
	server.Dir = dir
	// The token travels in the environment, since other users can read command lines.
	server.Env = append(os.Environ(), append(env, "JUPYTER_TOKEN="+token, "PATH="+binDir(python.Prefix)+string(os.PathListSeparator)+os.Getenv("PATH"))...)
	server.Stdout, server.Stderr = log, log
	// Ctrl-C must reach the server through us, in order, not as a signal to the whole terminal.
	separate(server)
	fmt.Fprintln(o.Log, "starting JupyterLab")
	if err := server.Start(); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- server.Wait() }()
	ready := make(chan string, 1)
	probing, stopProbing := context.WithCancel(ctx)
	defer stopProbing()
	// Jupyter writes here where it listens.
	info := filepath.Join(home, "runtime", fmt.Sprintf("jpserver-%d.json", server.Process.Pid))
	go func() {
		if base, err := waitReady(probing, info, token); err == nil {
			ready <- base
		}
	}()
	isReady := false
	for {
		select {
		case base := <-ready:
			isReady = true
			url := base + "/lab?token=" + token
			if o.Ready != nil {
				o.Ready(url)
			} else {
				fmt.Fprintf(o.Log, "JupyterLab is at %s\n", url)
			}
		case err := <-exited:
			if isReady && err == nil {
				return nil // shut down from within
			}
			text, _ := os.ReadFile(logPath)
			return fmt.Errorf("lab: JupyterLab ended (%v); the end of %s:\n%s", err, logPath, lastLines(string(text), 12))
		case <-ctx.Done():
			fmt.Fprintln(o.Log, "ending JupyterLab and its kernels")
			return end(server, exited)
		}
	}
}

// end asks the server to end its kernels and itself, and insists after a while.
func end(server *exec.Cmd, exited <-chan error) error {
	terminate(server.Process)
	select {
	case <-exited:
	case <-time.After(15 * time.Second):
		server.Process.Kill()
		<-exited
	}
	return nil
}

// waitReady waits until the server that describes itself in the file info answers, and returns its address.
func waitReady(ctx context.Context, info, token string) (base string, err error) {
	for {
		if base, err = serverAddress(info); err == nil {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/status?token="+token, nil)
			if err != nil {
				return "", fmt.Errorf("lab: %w", err)
			}
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					return base, nil
				}
			}
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// serverAddress reads the address of a Jupyter server from the file that it writes on its start.
func serverAddress(info string) (string, error) {
	data, err := os.ReadFile(info)
	if err != nil {
		return "", err
	}
	var server struct{ Port int }
	if err := json.Unmarshal(data, &server); err != nil {
		return "", err
	}
	if server.Port == 0 {
		return "", errors.New("no port yet")
	}
	return fmt.Sprintf("http://127.0.0.1:%d", server.Port), nil
}

// jupyterEnv returns the variables that make Jupyter keep its files under home, find our kernel there, and the user's
// kernels where they are. A configuration folder that the user has set stays in force.
func jupyterEnv(home string) ([]string, error) {
	users, err := userData()
	if err != nil {
		return nil, err
	}
	paths := []string{home, users}
	if more := os.Getenv("JUPYTER_PATH"); more != "" {
		paths = append(paths, more)
	}
	env := []string{
		"JUPYTER_DATA_DIR=" + filepath.Join(home, "data"),
		"JUPYTER_RUNTIME_DIR=" + filepath.Join(home, "runtime"),
		"JUPYTER_PATH=" + strings.Join(paths, string(os.PathListSeparator)),
	}
	if os.Getenv("JUPYTER_CONFIG_DIR") != "" {
		return env, os.MkdirAll(home, 0o700)
	}
	config := filepath.Join(home, "config")
	env = append(env, "JUPYTER_CONFIG_DIR="+config)
	// JupyterLab asks on its first start whether it may fetch news; nothing here needs the network.
	settings := filepath.Join(config, "lab", "user-settings", "@jupyterlab", "apputils-extension", "notification.jupyterlab-settings")
	if _, err := os.Stat(settings); err == nil {
		return env, nil // the user may have changed it
	}
	return env, writeFile(settings, strings.NewReader(`{"fetchNews": "false", "checkForUpdates": false}`+"\n"), 0o600)
}
