variable "image" {
  description = "Image in ECR, with its tag or digest"
  type        = string
}

variable "bucket" {
  description = "Bucket for the snapshots"
  type        = string
}

variable "prefix" {
  description = "Prefix of the snapshots in the bucket, with a slash at its end"
  type        = string
  default     = "pritunl/"
}

variable "secret_arn" {
  description = "Secret that holds url, token and secret as JSON"
  type        = string
}

variable "age_recipient" {
  description = "Public key the snapshots are encrypted to, age1..."
  type        = string
}

variable "heartbeat" {
  description = "Address that is requested after every run that succeeded"
  type        = string
}

variable "subnets" {
  description = "Subnets from which the Pritunl server, S3 and Secrets Manager can be reached"
  type        = list(string)
}

variable "security_groups" {
  description = "Security groups of the task; outgoing https is enough"
  type        = list(string)
}

variable "assign_public_ip" {
  description = "Needed in a public subnet without NAT"
  type        = bool
  default     = false
}

variable "kms_key_arns" {
  description = "Keys of the bucket and of the secret, when they are not AWS's own"
  type        = list(string)
  default     = []
}
