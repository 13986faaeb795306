import { RequireRole } from '@tenantry/service';
import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DoctorDto } from './doctor.dto.js';
import type { DoctorView } from './doctor.view.js';
import { ExamineInstallation } from './examine-installation.query.js';

@ApiTags('doctor')
@RequireRole('admin')
@Controller('v1/doctor')
export class DoctorController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @ApiOperation({
    summary: 'Look at everything that the control plane needs, and say what to do about what is wrong.',
    description:
      'Database, Kafka, keys and participants, as this process sees them; changes nothing. The status is 200 whatever is found. `npx tenantry-doctor` does the same where no process runs.',
  })
  @ApiOkResponse({ type: DoctorDto })
  examine(): Promise<DoctorView> {
    return this.queries.execute(new ExamineInstallation());
  }
}
