// Package dataset burns many initial states and keeps the results: the data that emulators of a network learn from.
//
// A data set is a folder of Parquet files, each with a fixed range of samples, a manifest with the settings and the
// SHA-256 of every file, and a card for people. Each sample is one row: the initial state, the state after each of a
// list of times, and how the burn ended. The settings and the sample's number alone decide what stands in a row, so the
// files have the same bytes whether they were made by one worker or many, at once or in parts.
package dataset
