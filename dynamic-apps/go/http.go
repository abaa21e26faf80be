// SPDX-License-Identifier: BSD-3-Clause

// A web server of Go's standard library: a goroutine per connection on the runtime's poller.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"runtime"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s from Go on %s/%s\n", r.Method, r.URL.Path, runtime.GOOS, runtime.GOARCH)
	})
	http.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
