// Package oql reads a small part of iTop's object query language: SELECT with
// joins and a WHERE of comparisons, IN, LIKE, AND and OR. The built-in desk
// evaluates scopes with it; for an iTop it quotes literals.
//
// It knows no data model: which classes and attributes exist is the caller's
// business. UNION, functions, sub-queries and the hierarchical operators
// (BELOW, ABOVE) are refused with their position.
package oql
