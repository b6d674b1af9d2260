// Package intercomjudge holds our words to Intercom's own published OpenAPI
// descriptions: 2.16 for the REST API, 2.11 (the last that has them) for
// canvases. Tests put JudgeTransport around a client or a fake, and hand every
// canvas that we answer to JudgeCanvas.
//
// The descriptions are under testdata, with their licence. Only tests import
// this package, so that the OpenAPI library stays out of the product.
package intercomjudge
