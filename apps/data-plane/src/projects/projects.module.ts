import { Module } from '@nestjs/common';
import { IdempotencyStore } from '../idempotency/idempotency.store.js';
import { DocumentController } from './document.controller.js';
import { DocumentStore } from './document.store.js';
import { Documents } from './documents.js';
import { ProjectController } from './project.controller.js';
import { ProjectStore } from './project.store.js';
import { Projects } from './projects.js';

@Module({
  controllers: [ProjectController, DocumentController],
  providers: [Projects, ProjectStore, Documents, DocumentStore, IdempotencyStore],
})
export class ProjectsModule {}
