import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { DryRunInterceptor } from './dry-run.interceptor.js';

/** Gives every route of the app that changes something its dry run. */
@Module({ providers: [{ provide: APP_INTERCEPTOR, useClass: DryRunInterceptor }] })
export class DryRunModule {}
