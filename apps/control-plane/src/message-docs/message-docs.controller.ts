import { Public, type HttpResponse } from '@tenantry/service';
import type { AsyncApiDocument } from '@tenantry/contracts';
import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { MESSAGE_DOCS, type MessageDocs } from './message-docs.js';
import { PAGE_POLICY } from './message-page.js';

/** Open to everyone, as the description of the REST API is: it says what messages look like, and carries none. */
@ApiTags('messages')
@Public()
@Controller()
export class MessageDocsController {
  constructor(@Inject(MESSAGE_DOCS) private readonly docs: MessageDocs) {}

  @Get('asyncapi.json')
  @Header('Cache-Control', 'public, max-age=60')
  @ApiOperation({
    summary: 'The AsyncAPI document of the messages between the control plane and participants.',
  })
  @ApiOkResponse({ content: { 'application/json': { schema: { type: 'object' } } } })
  document(): AsyncApiDocument {
    return this.docs.document;
  }

  @Get('asyncapi')
  @ApiOperation({ summary: 'The same as a page for people; it loads nothing else.' })
  @ApiOkResponse({ content: { 'text/html': { schema: { type: 'string' } } } })
  page(@Res() response: HttpResponse): void {
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': PAGE_POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'public, max-age=60',
    });
    response.end(this.docs.page);
  }
}
