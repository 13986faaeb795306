import { ApiProblems, RequireRole } from '@tenantry/service';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { CONTROL_PLANE_PROBLEMS } from '../control-plane.problems.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import { BulkChange, type BulkAction } from './bulk-change.command.js';
import { BulkChangeDto, BulkDto } from './bulk.dto.js';
import { toBulkView, type BulkView } from './bulk.view.js';

const DESCRIPTION =
  'Each tenant is changed in a transaction of its own, in the order of ids, as its own route would; one that is refused ' +
  'stops no other. Tenants for which this is not possible in their state are listed as refused; purged ones are left out. ' +
  'When more than `cap` tenants have the labels, nothing is done (422, with `matched`).\n\n' +
  'After an unknown outcome send the same request again: what was done is refused as `illegal-transition`, and the rest is ' +
  'done. With an Idempotency-Key, a request that came to its end is answered as the first time; one that was cut off is ' +
  'taken up by the next with the same key, at the latest after a minute, and never worked on by two at once.';

/** Ahead of the routes of a single tenant: these names are no ids. */
@ApiTags('tenants')
@Controller('v1/tenants')
export class BulkController {
  constructor(private readonly commands: IdempotentCommandBus) {}

  @Post('bulk-suspend')
  @HttpCode(200)
  @RequireRole('operator')
  @Idempotent()
  @ApiOperation({ summary: 'Close all tenants that have the labels.', description: DESCRIPTION })
  @ApiOkResponse({ type: BulkDto, description: 'What became of each tenant.' })
  @ApiProblems(422)
  suspend(@Body() body: BulkChangeDto): Promise<BulkView> {
    return this.change('suspend', body);
  }

  @Post('bulk-reactivate')
  @HttpCode(200)
  @RequireRole('operator')
  @Idempotent()
  @ApiOperation({ summary: 'Open all suspended tenants that have the labels.', description: DESCRIPTION })
  @ApiOkResponse({ type: BulkDto, description: 'What became of each tenant.' })
  @ApiProblems(422)
  reactivate(@Body() body: BulkChangeDto): Promise<BulkView> {
    return this.change('reactivate', body);
  }

  private async change(action: BulkAction, { labels, reason, cap }: BulkChangeDto): Promise<BulkView> {
    const command = new BulkChange(action, labels, reason, cap, currentCaller());
    return toBulkView(await this.commands.execute(command), CONTROL_PLANE_PROBLEMS);
  }
}
