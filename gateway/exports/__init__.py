"""What leaves as files that a bureau uses: XLSX, CSV and PDF, made beside the gateway."""
