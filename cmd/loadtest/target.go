package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
)

// target is where the load goes.
type target struct {
	base    string // http://host:port
	address string // host:port, to dial
}

// parseTarget reads the -url. Only this machine is a target unless remote says
// otherwise: the host must be a loopback address, or localhost.
func parseTarget(s string, remote bool) (target, error) {
	u, err := url.Parse(s)
	if err != nil {
		return target{}, fmt.Errorf("read -url: %w", err)
	}
	if u.Scheme != "http" || u.Host == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.User != nil {
		return target{}, errors.New("-url must look like http://127.0.0.1:8080: plain HTTP, no path")
	}
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = "80"
	}
	if ip := net.ParseIP(host); !remote && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return target{}, fmt.Errorf("%s is not this machine; -allow-remote sends there all the same, which only its owner may ask for", host)
	}
	address := net.JoinHostPort(host, port)
	return target{base: "http://" + address, address: address}, nil
}
