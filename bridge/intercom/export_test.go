package intercom

// Updating reports whether golden files are to be written anew.
func Updating() bool { return *update }
