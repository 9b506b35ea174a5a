// Asks `writ serve` for a grant.
//
// usage: ask unix:PATH|https://HOST:PORT < request.json
// WRIT_KEY is the bearer key, and WRIT_CA the file of the authority that signed the server's certificate. Ends with 1 on a deny.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

type Grant struct {
	Scopes      []string `json:"scopes"`
	Audience    []string `json:"audience"`
	TTL         int      `json:"ttl"`
	SingleUse   bool     `json:"single_use"`
	Obligations []struct {
		Name string          `json:"name"`
		Args json.RawMessage `json:"args"`
	} `json:"obligations"`
}

// The obligations that this program fulfils.
var fulfilled = map[string]bool{"audit": true}

// Connect returns a client of the service, and its URL. `ca` is a PEM file; if it is empty, the system's authorities are trusted.
func Connect(where, ca string) (*http.Client, string, error) {
	transport := &http.Transport{}
	url := "https://" + strings.TrimPrefix(where, "https://") // never in the clear
	if path, unix := strings.CutPrefix(where, "unix:"); unix {
		url = "http://localhost"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}
	} else if ca != "" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return nil, "", err
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
		transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(text)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, Timeout: 2 * time.Second, CheckRedirect: stay}, url, nil
}

// Ask returns the grant. Nil: a deny, and so is whatever else is not a permit that this program understands.
func Ask(client *http.Client, url, key string, request []byte) *Grant {
	asked, err := http.NewRequest("POST", url+"/v1/decide", bytes.NewReader(request))
	if err != nil {
		return nil
	}
	asked.Header.Set("Content-Type", "application/json")
	if key != "" {
		asked.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := client.Do(asked)
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	var decision struct {
		Effect string
		Grant  *Grant
	}
	if err != nil || answer.StatusCode != 200 || json.Unmarshal(body, &decision) != nil || decision.Effect != "permit" || decision.Grant == nil {
		return nil
	}
	for _, each := range decision.Grant.Obligations {
		if !fulfilled[each.Name] {
			return nil
		}
	}
	return decision.Grant
}

func main() {
	client, url, err := Connect(os.Args[1], os.Getenv("WRIT_CA"))
	request, unread := io.ReadAll(os.Stdin)
	if err != nil || unread != nil {
		log.Fatal(err, unread)
	}
	grant := Ask(client, url, os.Getenv("WRIT_KEY"), request)
	if grant == nil {
		fmt.Println("deny")
		os.Exit(1)
	}
	shown, _ := json.Marshal(grant)
	fmt.Println("permit", string(shown))
}
