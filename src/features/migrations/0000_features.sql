CREATE TABLE "feature_rows" (
	"asset" text NOT NULL,
	"feature_set" text NOT NULL,
	"window_end" timestamp with time zone NOT NULL,
	"as_of" timestamp with time zone NOT NULL,
	"values" double precision[] NOT NULL,
	"degraded" boolean NOT NULL,
	CONSTRAINT "feature_rows_pk" PRIMARY KEY("asset","feature_set","window_end")
);
--> statement-breakpoint
CREATE TABLE "feature_state" (
	"asset" text NOT NULL,
	"feature_set" text NOT NULL,
	"window_end" timestamp with time zone NOT NULL,
	"state" text NOT NULL,
	CONSTRAINT "feature_state_pk" PRIMARY KEY("asset","feature_set","window_end")
);
