import type { Topics } from '@tenantry/contracts';
import { Module, type DynamicModule } from '@nestjs/common';
import { MessageDocsController } from './message-docs.controller.js';
import { MESSAGE_DOCS, messageDocs } from './message-docs.js';

/** Serves the description of the messages. */
@Module({})
export class MessageDocsModule {
  /** @param topics what the installation's topics are called. @param version the product's. */
  static forRoot(topics: Topics, version: string): DynamicModule {
    return {
      module: MessageDocsModule,
      controllers: [MessageDocsController],
      providers: [{ provide: MESSAGE_DOCS, useFactory: () => messageDocs(topics, version) }],
    };
  }
}
