# A scheduled Fargate task. The task itself may read one secret and use one prefix
# of one bucket; nothing more.

terraform {
  required_version = ">= 1.5.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

data "aws_region" "here" {}

locals {
  location = "s3://${var.bucket}/${var.prefix}"
}

resource "aws_cloudwatch_log_group" "backup" {
  name              = "/pritunl-backup"
  retention_in_days = 90
}

resource "aws_ecs_cluster" "backup" {
  name = "pritunl-backup"
}

resource "aws_ecs_task_definition" "backup" {
  family                   = "pritunl-backup"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  volume {
    name = "tmp"
  }

  # Pruning starts only after the snapshot is there.
  container_definitions = jsonencode([
    for name, command in {
      export = [
        "export", "--to", local.location, "--encrypt-to", var.age_recipient, "--if-changed",
        "--aws-secret", var.secret_arn, "--heartbeat", var.heartbeat, "--quiet",
      ]
      prune = [
        "prune", local.location, "--keep-daily", "14", "--keep-weekly", "8", "--keep-monthly", "12", "--yes",
      ]
      } : {
      name                   = name
      image                  = var.image
      command                = command
      essential              = name == "prune"
      dependsOn              = name == "prune" ? [{ containerName = "export", condition = "SUCCESS" }] : []
      user                   = "65532:65532"
      readonlyRootFilesystem = true
      mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
      environment            = [{ name = "AWS_REGION", value = data.aws_region.here.name }]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.backup.name
          awslogs-region        = data.aws_region.here.name
          awslogs-stream-prefix = name
        }
      }
    }
  ])
}

resource "aws_scheduler_schedule" "nightly" {
  name                         = "pritunl-backup"
  schedule_expression          = "cron(30 2 * * ? *)"
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = aws_ecs_cluster.backup.arn
    role_arn = aws_iam_role.schedule.arn

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.backup.arn
      launch_type         = "FARGATE"

      network_configuration {
        subnets          = var.subnets
        security_groups  = var.security_groups
        assign_public_ip = var.assign_public_ip
      }
    }

    retry_policy {
      maximum_retry_attempts = 2
    }
  }
}

output "try_it" {
  description = "Command that runs the task at once."
  value       = "aws ecs run-task --cluster ${aws_ecs_cluster.backup.name} --launch-type FARGATE --task-definition ${aws_ecs_task_definition.backup.family} --network-configuration 'awsvpcConfiguration={subnets=[${join(",", var.subnets)}],securityGroups=[${join(",", var.security_groups)}]}'"
}
