// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

// A hub as it is written in Go: gorilla/websocket, a reader and a writer goroutine a client, a buffered channel
// between them, and each message prepared once. Every binary message goes to every client.
//
// usage: gorilla PORT    (listens on 127.0.0.1)
package main

import (
	"log"
	"net/http"
	"os"
	"sync"

	"github.com/gorilla/websocket"
)

type client struct {
	socket *websocket.Conn
	queue  chan *websocket.PreparedMessage
}

type hub struct {
	mutex   sync.RWMutex
	clients map[*client]struct{}
}

func (h *hub) broadcast(kind int, payload []byte) {
	message, err := websocket.NewPreparedMessage(kind, payload)
	if err != nil {
		return
	}
	h.mutex.RLock()
	defer h.mutex.RUnlock()
	for c := range h.clients {
		select {
		case c.queue <- message:
		default:
			c.socket.Close()
		}
	}
}

func (c *client) write() {
	for message := range c.queue {
		if c.socket.WritePreparedMessage(message) != nil {
			return
		}
	}
}

func (h *hub) read(c *client) {
	defer func() {
		h.mutex.Lock()
		delete(h.clients, c)
		h.mutex.Unlock()
		close(c.queue)
		c.socket.Close()
	}()
	for {
		kind, payload, err := c.socket.ReadMessage()
		if err != nil {
			return
		}
		h.broadcast(kind, payload)
	}
}

func main() {
	port := "9003"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	h := &hub{clients: map[*client]struct{}{}}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	http.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		socket, err := upgrader.Upgrade(response, request, nil)
		if err != nil {
			return
		}
		c := &client{socket, make(chan *websocket.PreparedMessage, 256)}
		h.mutex.Lock()
		h.clients[c] = struct{}{}
		h.mutex.Unlock()
		go c.write()
		h.read(c)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, nil))
}
