// Package seal keeps secrets encrypted at rest: workspace tokens, client
// secrets, signing keys.
//
// It owns the key file and the form of a sealed text, and nothing else: who may
// read a secret is the caller's question, and where the text is stored too.
//
// A sealed text is "v1.<key>.<base64 of nonce and AES-256-GCM ciphertext>". The
// key's id is in the text, so that several keys live side by side: a new one
// seals, the old ones still open until everything is sealed again.
package seal
