package simulator

func (db *database) fillDemo() {}
