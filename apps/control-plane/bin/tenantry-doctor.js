#!/usr/bin/env node
import '../dist/tenantry-doctor.js';
