package storage

// Steps lets tests fail, or kill, at every step that reaches the disk.
func (f *FileStore) Steps(step func(string) error) { f.step = step }

// WithSteps is Steps for a Seal.
func (o SealOptions) WithSteps(step func(string) error) SealOptions {
	o.step = step
	return o
}

// TempAge is how old a leftover must be.
const TempAge = tempAge

// TempName is a name that sweep takes for ours.
const TempName = tempPrefix + "leftover" + tempSuffix
