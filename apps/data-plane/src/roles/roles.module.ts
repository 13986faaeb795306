import { Module } from '@nestjs/common';
import { RoleController } from './role.controller.js';
import { RoleStore } from './role.store.js';

@Module({ controllers: [RoleController], providers: [RoleStore] })
export class RolesModule {}
