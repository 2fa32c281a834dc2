using Chat.Backends.Users;

namespace Chat.Tests.Backends.Users;

/// <summary>What <see cref="IUserDirectory"/> promises, on any store. A subclass says how to open one.</summary>
public abstract class UserDirectoryContract : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private IUserDirectory Users { get; set; } = null!;

    /// <summary>Each call: an independent instance on the one store of this test, which is empty at first.</summary>
    protected abstract Task<IUserDirectory> OpenAsync();

    public virtual async ValueTask InitializeAsync() => Users = await OpenAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private static ChatUser User(string name, string? display = null) => new()
    {
        Username = name,
        DisplayName = display ?? name,
        PasswordHash = "hash",
        SecurityStamp = "stamp",
        CreatedAt = Said.Noon,
    };

    [Fact]
    public async Task A_created_user_is_found_with_every_field()
    {
        var alice = User("alice", "Alice Liddell");

        Assert.True(await Users.CreateAsync(alice, None));

        Assert.Equal(alice with { Version = (await Users.FindAsync("alice", None))!.Version }, await Users.FindAsync("alice", None));
        Assert.Null(await Users.FindAsync("bob", None));
    }

    [Fact]
    public async Task A_name_is_taken_once_of_many_who_want_it_at_the_same_time()
    {
        var other = await OpenAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? Users : other).CreateAsync(User("alice", $"Alice {i}"), None)));

        Assert.Equal(1, results.Count(taken => taken));
        Assert.False(await Users.CreateAsync(User("alice"), None));
        Assert.Equal($"Alice {Array.IndexOf(results, true)}", (await Users.FindAsync("alice", None))!.DisplayName);
    }

    [Fact]
    public async Task An_update_of_an_old_version_changes_nothing()
    {
        await Users.CreateAsync(User("alice"), None);
        var seen = (await Users.FindAsync("alice", None))!;

        Assert.True(await Users.UpdateAsync(seen with { DisplayName = "Alice" }, None));
        Assert.False(await Users.UpdateAsync(seen with { DisplayName = "late" }, None));
        Assert.False(await Users.UpdateAsync(User("nobody"), None));

        var now = (await Users.FindAsync("alice", None))!;
        Assert.Equal("Alice", now.DisplayName);
        Assert.True(now.Version > seen.Version);
        Assert.True(await Users.UpdateAsync(now with { SecurityStamp = "other" }, None));
    }

    [Fact]
    public async Task A_deleted_account_keeps_its_name_and_is_not_found_by_searching()
    {
        await Users.CreateAsync(User("alice", "Alice Liddell"), None);
        var alice = (await Users.FindAsync("alice", None))!;

        Assert.True(await Users.UpdateAsync(alice with { DisplayName = "deleted", PasswordHash = null, DeletedAt = Said.Noon.AddDays(1) }, None));

        Assert.False(await Users.CreateAsync(User("alice"), None));
        var found = (await Users.FindAsync("alice", None))!;
        Assert.Equal((null, Said.Noon.AddDays(1)), (found.PasswordHash, found.DeletedAt!.Value));
        Assert.Empty(await Users.SearchAsync("", 10, None));
        Assert.Empty(await Users.SearchAsync("al", 10, None));
    }

    [Fact]
    public async Task Many_are_found_at_once_and_those_who_do_not_exist_are_left_out()
    {
        var names = Enumerable.Range(0, 300).Select(i => $"user{i:000}").ToList();
        foreach (var name in names.Take(5))
        {
            await Users.CreateAsync(User(name), None);
        }

        var found = await Users.FindManyAsync(names, None);

        Assert.Equal(names.Take(5), found.Select(u => u.Username).Order(StringComparer.Ordinal));
        Assert.Empty(await Users.FindManyAsync([], None));
    }

    [Fact]
    public async Task People_are_found_by_the_beginning_of_their_name_or_of_a_word_of_their_display_name()
    {
        await Users.CreateAsync(User("carol", "Carol Liddell"), None);
        await Users.CreateAsync(User("a.b-c", "Zoë Ångström"), None);
        await Users.CreateAsync(User("lide", "Nobody"), None);
        await Users.CreateAsync(User("bob", "Bob"), None);

        Assert.Equal(["carol", "lide"], await NamesAsync("lid"));
        Assert.Equal(["a.b-c"], await NamesAsync("a.b"));
        Assert.Equal(["a.b-c"], await NamesAsync("angs"));
        Assert.Equal(["a.b-c", "bob", "carol", "lide"], await NamesAsync(""));
        Assert.Equal(["a.b-c", "bob"], (await Users.SearchAsync("", 2, None)).Select(u => u.Username));
        Assert.Empty(await NamesAsync("arol"));
        Assert.Empty(await NamesAsync("%"));
    }

    [Fact]
    public async Task Somebody_renamed_is_found_by_the_new_name_only()
    {
        await Users.CreateAsync(User("bob", "Robert"), None);
        var bob = (await Users.FindAsync("bob", None))!;
        await Users.UpdateAsync(bob with { DisplayName = "Bobby Tables" }, None);

        Assert.Empty(await NamesAsync("rob"));
        Assert.Equal(["bob"], await NamesAsync("tab"));
    }

    private async Task<IEnumerable<string>> NamesAsync(string prefix) => (await Users.SearchAsync(prefix, 10, None)).Select(u => u.Username);
}
