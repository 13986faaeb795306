import { ApiProblems, RequireRole, type HttpRequest, type HttpResponse } from '@tenantry/service';
import { Controller, Get, Headers, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { EventStream } from './event-stream.js';
import { WatchHub } from './watch-hub.js';
import { WATCH_SETTINGS, type WatchSettings } from './watch-settings.js';
import { Watcher } from './watcher.js';

@ApiTags('tenants')
@Controller('v1/tenants/:id')
export class WatchController {
  constructor(
    private readonly hub: WatchHub,
    @Inject(WATCH_SETTINGS) private readonly settings: WatchSettings,
  ) {}

  @Get('watch')
  @RequireRole('viewer')
  @ApiOperation({
    summary: 'Stream the explanation as it changes, as server-sent events.',
    description:
      'Each event `explanation` holds all of it (see …/explain) and replaces the one before; its id says what it says, so that ' +
      'after a reconnection with Last-Event-ID nothing is repeated. A client that reads slowly gets the latest. The event `end` ' +
      'comes last and says why: `purged` (there is nothing more to come), `shutdown` or `expired` (connect again).',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The id of the last event received.' })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  @ApiNoContentResponse({
    description: 'The tenant is purged and Last-Event-ID is the last there is: do not connect again.',
  })
  @ApiProblems(404)
  async watch(
    @Param('id') tenantId: string,
    @Headers('last-event-id') lastId: string | undefined,
    @Req() request: HttpRequest,
    @Res() response: HttpResponse,
  ): Promise<void> {
    const { actor } = currentCaller();
    const current = await this.hub.enter(tenantId, actor);
    // Whoever is gone already will not say so again.
    if (response.destroyed) return this.hub.leave(actor);
    response.once('close', () => this.hub.leave(actor));
    if (current.purged && lastId === current.id) {
      response.writeHead(204).end();
      return;
    }
    const stream = new EventStream(response, this.settings.heartbeatMs);
    stream.open();
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const watcher = new Watcher(stream, lastId);
    const expiry = setTimeout(() => watcher.end('expired'), this.settings.maxAgeMs);
    response.once('close', () => {
      clearTimeout(expiry);
      this.hub.remove(current.tenantId, watcher);
    });
    watcher.tell(current);
    if (!current.purged) this.hub.add(current.tenantId, watcher);
  }
}
