package kernel

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
)

// connection is a Jupyter connection file: where the kernel binds, and the key that signs messages.
type connection struct {
	Transport       string `json:"transport"`
	IP              string `json:"ip"`
	ShellPort       int    `json:"shell_port"`
	ControlPort     int    `json:"control_port"`
	StdinPort       int    `json:"stdin_port"`
	IOPubPort       int    `json:"iopub_port"`
	HBPort          int    `json:"hb_port"`
	SignatureScheme string `json:"signature_scheme"`
	Key             string `json:"key"`
	KernelName      string `json:"kernel_name,omitempty"`
}

// readConnection reads and checks a connection file.
func readConnection(path string) (connection, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return connection{}, fmt.Errorf("kernel: %w", err)
	}
	c := connection{Transport: "tcp", IP: "127.0.0.1", SignatureScheme: "hmac-sha256"}
	if err := json.Unmarshal(data, &c); err != nil {
		return connection{}, fmt.Errorf("kernel: connection file %s: %w", path, err)
	}
	switch {
	case c.Transport != "tcp" && c.Transport != "ipc":
		return connection{}, fmt.Errorf("kernel: connection file %s: transport %q is neither tcp nor ipc", path, c.Transport)
	case c.SignatureScheme != "hmac-sha256":
		return connection{}, fmt.Errorf("kernel: connection file %s: signature_scheme %q is not hmac-sha256", path, c.SignatureScheme)
	case c.Transport == "tcp" && net.ParseIP(c.IP) == nil && c.IP != "localhost":
		return connection{}, fmt.Errorf("kernel: connection file %s: ip %q is no address", path, c.IP)
	}
	for _, port := range c.ports() {
		if c.Transport == "ipc" && *port == 0 {
			return connection{}, fmt.Errorf("kernel: connection file %s: transport ipc leaves no port to choose", path)
		}
		if *port < 0 || *port > 65535 {
			return connection{}, fmt.Errorf("kernel: connection file %s: port %d is outside 0 to 65535", path, *port)
		}
	}
	return c, nil
}

// ports returns the ports in the order shell, control, stdin, iopub, heartbeat.
func (c *connection) ports() []*int {
	return []*int{&c.ShellPort, &c.ControlPort, &c.StdinPort, &c.IOPubPort, &c.HBPort}
}

// address returns the network and address of a port.
func (c *connection) address(port int) (network, address string) {
	if c.Transport == "ipc" {
		return "unix", c.IP + "-" + strconv.Itoa(port)
	}
	return "tcp", net.JoinHostPort(c.IP, strconv.Itoa(port))
}

// write stores the connection file, readable by the user alone. It is used when the file left ports to the kernel.
func (c connection) write(path string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("kernel: %w", err)
	}
	// A reader must never see half of it.
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return fmt.Errorf("kernel: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("kernel: %w", err)
	}
	return nil
}
