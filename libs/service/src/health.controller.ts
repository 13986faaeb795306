import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { ServiceUnavailableException } from '@nestjs/common';
import { ApiProblems } from './api-problems.decorator.js';
import { Drain } from './drain.js';
import { HEALTH_REPORTS, readReports, type HealthReport } from './health-report.js';
import { HealthDto } from './health.dto.js';
import { READINESS_CHECKS, type ReadinessCheck } from './readiness-check.js';
import { NotReady } from './request-errors.js';
import { Public } from './require-role.decorator.js';

const CHECK_TIMEOUT_MS = 2000;

/** The probes. They say which check fails, never why: the reason is in the log. */
@ApiTags('health')
@Public()
@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly drain: Drain,
    @Inject(READINESS_CHECKS) private readonly checks: readonly ReadinessCheck[],
    @Inject(HEALTH_REPORTS) private readonly reports: readonly HealthReport[],
  ) {}

  @Get('livez')
  @ApiOperation({ summary: 'Whether the process runs; asks nothing else.' })
  @ApiOkResponse({ type: HealthDto })
  livez(): HealthDto {
    return { status: 'ok', checks: {} };
  }

  @Get('readyz')
  @ApiOperation({
    summary: 'Whether the process should get requests: its checks pass and it is not draining.',
  })
  @ApiOkResponse({ type: HealthDto })
  @ApiProblems(503)
  async readyz(): Promise<HealthDto> {
    if (this.drain.draining) throw new NotReady('This process is shutting down.', { checks: {} });
    return this.runChecks();
  }

  @Get('healthz')
  @ApiOperation({ summary: 'Whether all checks pass, draining or not, and what there is to look at.' })
  @ApiOkResponse({ type: HealthDto })
  @ApiProblems(503)
  async healthz(): Promise<HealthDto> {
    const { checks } = await this.runChecks();
    const reports = await readReports(this.reports);
    const degraded = Object.values(reports).some(({ status }) => status === 'degraded');
    return { status: degraded ? 'degraded' : 'ok', checks, reports };
  }

  private async runChecks(): Promise<HealthDto> {
    try {
      const result = await this.health.check(
        this.checks.map(
          (check) => () =>
            this.indicators
              .check(check.name)
              .attempt(() => check.check())
              .withTimeout(CHECK_TIMEOUT_MS),
        ),
      );
      return { status: 'ok', checks: statuses(result.details) };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      const body = error.getResponse();
      const details = typeof body === 'object' && 'details' in body ? body.details : {};
      throw new NotReady('Some checks fail.', { checks: statuses(details) }, { cause: error });
    }
  }
}

function statuses(details: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries((details ?? {}) as Record<string, { status?: string }>).map(([name, { status }]) => [
      name,
      status ?? 'down',
    ]),
  );
}
