import { Module } from '@nestjs/common';
import { DocumentController } from './document.controller.js';
import { DocumentStore } from './document.store.js';
import { Documents } from './documents.js';
import { ProjectController } from './project.controller.js';
import { ProjectStore } from './project.store.js';
import { Projects } from './projects.js';

@Module({
  controllers: [ProjectController, DocumentController],
  providers: [Projects, ProjectStore, Documents, DocumentStore],
})
export class ProjectsModule {}
