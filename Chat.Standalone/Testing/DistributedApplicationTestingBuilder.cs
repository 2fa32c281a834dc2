namespace Aspire.Hosting.Testing;

/// <summary>
/// Starts an AppHost inside a test: <c>CreateAsync&lt;Projects.Chat_AppHost&gt;()</c>, <c>BuildAsync</c>, <c>StartAsync</c>. Unless the
/// arguments say otherwise it has its own temporary data folder, free ports, embedded stand-ins and no dashboard.
/// </summary>
public static class DistributedApplicationTestingBuilder
{
    public static IDistributedApplicationTestingBuilder Create(params string[] args) =>
        new TestingBuilder(new DistributedApplicationOptions { Args = TestingEntryPoint.WithDefaults(args) }, null);

    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync<TEntryPoint>([], cancellationToken);

    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(string[] args, CancellationToken cancellationToken = default)
        where TEntryPoint : class =>
        new TestingEntryPoint().StartAsync(typeof(TEntryPoint), TestingEntryPoint.WithDefaults(args), cancellationToken);

    public static Task<IDistributedApplicationTestingBuilder> CreateAsync(Type entryPoint, string[] args, CancellationToken cancellationToken = default) =>
        new TestingEntryPoint().StartAsync(entryPoint, TestingEntryPoint.WithDefaults(args), cancellationToken);
}
