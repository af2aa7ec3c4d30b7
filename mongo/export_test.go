package mongo

// AdministratorsOf judges documents that were not read from a database.
var AdministratorsOf = administratorsOf
