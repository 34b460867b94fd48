// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

// The centrifuge library as Debian has it, with its defaults: a client says in its connect command which channels the
// server shall subscribe it to, and publishes to any; nothing is kept in a history.
//
// usage: centrifuge PORT    (listens on 127.0.0.1)
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"

	"github.com/centrifugal/centrifuge"
)

type wish struct {
	Channels []string `json:"channels"`
}

func connecting(_ context.Context, event centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	var wanted wish
	if err := json.Unmarshal(event.Data, &wanted); err != nil {
		return centrifuge.ConnectReply{}, centrifuge.ErrorBadRequest
	}
	subscriptions := map[string]centrifuge.SubscribeOptions{}
	for _, channel := range wanted.Channels {
		subscriptions[channel] = centrifuge.SubscribeOptions{}
	}
	return centrifuge.ConnectReply{
		Credentials:   &centrifuge.Credentials{UserID: "bench"},
		Subscriptions: subscriptions,
	}, nil
}

func connected(client *centrifuge.Client) {
	client.OnPublish(func(_ centrifuge.PublishEvent, reply centrifuge.PublishCallback) {
		reply(centrifuge.PublishReply{}, nil)
	})
}

func main() {
	port := "9005"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	node, err := centrifuge.New(centrifuge.DefaultConfig)
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(connecting)
	node.OnConnect(connected)
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	http.Handle("/ws", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, nil))
}
