import { Module } from '@nestjs/common';
import { KeyAuthenticator } from './key-authenticator.js';

/** Knows keys, without the REST surface to manage them: for every process's guard; needs DatabaseModule. */
@Module({ providers: [KeyAuthenticator], exports: [KeyAuthenticator] })
export class KeyAuthenticationModule {}
