import { ApiProblems, PageQuery, RequireRole, type HttpResponse, type Page } from '@tenantry/service';
import { Controller, Get, Query, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuditExport } from './audit-export.js';
import { AuditPageDto, AuditQuery, CheckpointPageDto } from './audit.dto.js';
import type { AuditEntryView, CheckpointView } from './audit.view.js';
import { ListAudit } from './list-audit.query.js';
import { ListCheckpoints } from './list-checkpoints.query.js';
import { sendLines } from './send-lines.js';

const JSON_LINES = 'application/jsonl';

@ApiTags('audit')
@Controller('v1/audit')
export class AuditController {
  constructor(
    private readonly queries: QueryBus,
    private readonly exporting: AuditExport,
  ) {}

  @Get()
  @RequireRole('operator')
  @ApiOperation({ summary: 'List who did what, newest first; all given filters hold together.' })
  @ApiOkResponse({ type: AuditPageDto })
  list(@Query() { limit, cursor, from, to, ...filter }: AuditQuery): Promise<Page<AuditEntryView>> {
    const times = {
      from: from === undefined ? from : new Date(from),
      to: to === undefined ? to : new Date(to),
    };
    return this.queries.execute(new ListAudit({ ...filter, ...times }, limit, cursor));
  }

  @Get('export')
  @RequireRole('admin')
  @ApiOperation({
    summary:
      'Stream the whole log up to its newest signed checkpoint, for the offline check by `tenantry-verify audit`.',
  })
  @ApiOkResponse({
    description:
      'JSON Lines: entries in the order of their positions, each signed checkpoint behind the last entry it covers.',
    content: { [JSON_LINES]: { schema: { type: 'string' } } },
  })
  @ApiProblems(409)
  async export(@Res() response: HttpResponse): Promise<void> {
    const lines = await this.exporting.lines();
    response.setHeader('Content-Type', JSON_LINES);
    response.setHeader('Content-Disposition', 'attachment; filename="audit.jsonl"');
    response.setHeader('Cache-Control', 'no-store');
    await sendLines(lines, response);
  }

  @Get('checkpoints')
  @RequireRole('viewer')
  @ApiOperation({
    summary:
      'List the signed checkpoints of the log, newest first; keep them where nobody of ours can write.',
  })
  @ApiOkResponse({ type: CheckpointPageDto })
  checkpoints(@Query() { limit, cursor }: PageQuery): Promise<Page<CheckpointView>> {
    return this.queries.execute(new ListCheckpoints(limit, cursor));
  }
}
